/** A small line as an SVG path. Pure; it is drawn by sparkline.tsx. */
import type { Sample } from './samples.ts'

export type Measure = Exclude<keyof Sample, 'at'>

/** What it spans at most; as long as less is known, that is as wide as the line. Milliseconds. */
const mostMs = 60_000

/** The line's path: the newest sample at the right edge. Pure. */
export function sparklinePath(
  samples: readonly Sample[],
  of: Measure,
  { top, width, height }: { readonly top: number; readonly width: number; readonly height: number },
): string {
  const end = samples.at(-1)?.at ?? 0
  const spanMs = Math.min(mostMs, Math.max(1, end - (samples[0]?.at ?? end)))
  let first = samples.length
  // One more than fits, so that the line comes in from the left edge.
  while (first > 0 && (samples[first]?.at ?? end) >= end - spanMs) first -= 1
  let most = top
  for (let index = first; index < samples.length; index += 1) most = Math.max(most, samples[index]?.[of] ?? 0)
  if (samples.length < 2 || most <= 0) return `M0 ${height - 1}H${width}`
  let path = ''
  for (const sample of samples.slice(first)) {
    const x = Math.max(0, Math.round(((sample.at - end) / spanMs + 1) * width * 10) / 10)
    const y = Math.round((height - 1 - (sample[of] / most) * (height - 2)) * 10) / 10
    path += `${path === '' ? 'M' : 'L'}${x} ${y}`
  }
  return path
}
