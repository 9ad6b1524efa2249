/** The known word that a mistyped one most likely meant: for "did you mean" in messages. It decides nothing. */

/** `heap_mb`, `heapMB` and `heapMb` are one word to whoever types them. */
function plain(word: string): string {
  return word
    .slice(0, 64)
    .replace(/[-_\s]/g, '')
    .toLowerCase()
}

/** Letters inserted, left out, replaced, or swapped with their neighbour. */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swaps = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = swaps ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY
      current.push(Math.min(replaced, swapped, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1))
    }
    before = previous
    previous = current
  }
  return previous[b.length] ?? 0
}

/** Undefined where none is close: at most a third of its letters may differ. The first of equals wins. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const typed = plain(word)
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const allowed = Math.max(1, Math.floor(candidate.length / 3))
    if (Math.abs(typed.length - plain(candidate).length) > allowed) continue
    const distance = editDistance(typed, plain(candidate))
    if (distance < least && distance <= allowed) {
      best = candidate
      least = distance
    }
  }
  return best
}
