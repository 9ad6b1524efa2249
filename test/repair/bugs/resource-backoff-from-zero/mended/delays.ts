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
  let delay = firstMs
  while (delay < longestMs && delays.length < mostAttempts - 1) {
    delays.push(delay)
    delay = Math.round(delay * factor)
  }
  return [...delays, longestMs]
}
