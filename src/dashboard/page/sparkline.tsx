/** The last minute of one number as a small line: cheap enough for a few hundred. The large ones are kernel-charts.tsx. */
import type { JSX } from 'preact'
import type { Sample } from './samples.ts'
import { type Measure, sparklinePath } from './sparkline-path.ts'
import './sparkline.css'

interface Props {
  /** Oldest first. */
  readonly samples: readonly Sample[]
  readonly of: Measure
  /** What it shows, and its value now: `cpu 3 %`. */
  readonly name: string
  /** Value at the upper edge; a higher one raises it. */
  readonly top: number
  readonly width?: number
  readonly height?: number
  /** Where, within another SVG. */
  readonly x?: number
  readonly y?: number
}

export function Sparkline({ samples, of, name, top, width = 56, height = 16, x, y }: Props): JSX.Element {
  return (
    <svg
      class="sparkline"
      role="img"
      aria-label={name}
      {...{ width, height, x, y }}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
    >
      <path d={sparklinePath(samples, of, { top, width, height })} />
    </svg>
  )
}
