export interface Policy {
  firstMs: number
  factor: number
  longestMs: number
}

const mostAttempts = 12

/** Grows up to the longest delay, which is the last; twelve at most. */
export function delaysOf({ firstMs, factor, longestMs }: Policy): number[] {
  if (factor < 1) throw new RangeError(`a factor of ${factor} shrinks`)
  const delays: number[] = []
  for (let delay = firstMs; delays.length < mostAttempts - 1 && delay < longestMs; delay = Math.round(delay * factor)) {
    delays.push(delay)
  }
  return [...delays, longestMs]
}
