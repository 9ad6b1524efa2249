import type { JSX } from 'preact'
import { kernels } from '../store.ts'

export function IncidentsView(): JSX.Element {
  return <h1>{kernels.value.size}</h1>
}
