import type { JSX } from 'preact'
import { kernels } from '../store.ts'

export function FleetView(): JSX.Element {
  return <h1>{kernels.value.size}</h1>
}
