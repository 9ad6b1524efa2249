/** In the place of a chart that is not there yet, or could not be read. */
import type { JSX } from 'preact'
import { type Drawing, readAgain } from './drawings.ts'

export function Undrawn({
  drawing,
  path,
  version = 0,
}: {
  readonly drawing: Exclude<Drawing, { state: 'drawn' }>
  readonly path: string
  readonly version?: number
}): JSX.Element {
  if (drawing.state === 'reading') return <p class="quiet">The chart is being drawn.</p>
  return (
    <p class="bad-text">
      The chart could not be read: {drawing.why}{' '}
      <button type="button" onClick={() => readAgain(path, version)}>
        try again
      </button>
    </p>
  )
}
