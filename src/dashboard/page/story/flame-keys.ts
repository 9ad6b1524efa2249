/** Where an arrow key leads from one bar of a flame graph: up to the caller, down into what takes longest, sideways. Pure. */
import type { FlameBar } from '../../../chart/flame.ts'

/** Index of the next bar; undefined where the key leads nowhere. */
export function nextBar(bars: readonly FlameBar[], from: number, key: string): number | undefined {
  const bar = bars[from]
  if (bar === undefined) return undefined
  const found = (index: number): number | undefined => (index < 0 ? undefined : index)
  switch (key) {
    case 'ArrowUp':
      return found(bar.parent)
    case 'ArrowDown':
      // Bars are in the order of reading, the longest of each first.
      return found(bars.findIndex(({ parent }) => parent === from))
    case 'ArrowLeft':
      return found(bars.findLastIndex(({ depth, x }) => depth === bar.depth && x < bar.x))
    case 'ArrowRight':
      return found(bars.findIndex(({ depth, x }) => depth === bar.depth && x > bar.x))
    case 'Home':
      return 0
    default:
      return undefined
  }
}
