/** Times and counts as people read them, on a terminal, on the page and in a file. Pure. */

/** `340 ms`, `12.5 s`, `3 min 20 s`, `5 h 2 min`, `4 d 1 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`
  const seconds = Math.floor(ms / 1000)
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ]
  if (days > 0) return `${days} d ${hours} h`
  if (hours > 0) return `${hours} h ${minutes} min`
  return `${minutes} min ${seconds % 60} s`
}

export function ago(at: number, nowMs: number): string {
  return `${duration(Math.max(0, nowMs - at))} ago`
}

/** `05:16:02`, where the reader is. */
export function clockTime(at: number): string {
  return new Date(at).toTimeString().slice(0, 8)
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}
