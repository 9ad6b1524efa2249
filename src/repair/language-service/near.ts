/** Several near spellings of one word, nearest first, where base/nearest.ts gives the nearest alone. */
import { nearest } from '../../base/nearest.ts'

/** @param most how many at most. The word itself is never among them. */
export function nearestFew(word: string, known: Iterable<string>, most: number): string[] {
  const left = new Set(known)
  left.delete(word)
  const found: string[] = []
  while (found.length < most) {
    const next = nearest(word, left)
    if (next === undefined) return found
    left.delete(next)
    found.push(next)
  }
  return found
}
