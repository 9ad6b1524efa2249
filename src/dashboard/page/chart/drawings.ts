/** Charts as the server has drawn them, each read once: the lifecycle's is the same for every kernel. */
import { type Signal, signal } from '@preact/signals'
import type { DrawnChart } from '../../wire.ts'
import { read } from '../api.ts'
import { ChartMap } from './chart-map.ts'

export type Drawing =
  | { readonly state: 'reading' }
  | { readonly state: 'drawn'; readonly drawn: DrawnChart; readonly map: ChartMap }
  | { readonly state: 'failed'; readonly why: string }

/** Drawings of actors that have ended would gather else. */
const keptMax = 40
const drawings = new Map<string, Signal<Drawing>>()

/**
 * @param path below `api/charts/`.
 * @param version the same path may be another chart when this is another: a kernel that runs patched numbers its actors anew.
 */
export function drawingOf(path: string, version = 0): Signal<Drawing> {
  const key = `${path} ${version}`
  const known = drawings.get(key)
  if (known !== undefined) return known
  const drawing = signal<Drawing>({ state: 'reading' })
  drawings.set(key, drawing)
  for (const oldest of drawings.keys()) {
    if (drawings.size <= keptMax) break
    if (!oldest.startsWith('lifecycle ')) drawings.delete(oldest)
  }
  void fetchInto(drawing, path)
  return drawing
}

/** Once more, where it has failed; only when somebody asks for it. */
export function readAgain(path: string, version = 0): void {
  const drawing = drawings.get(`${path} ${version}`)
  if (drawing === undefined || drawing.peek().state !== 'failed') return
  drawing.value = { state: 'reading' }
  void fetchInto(drawing, path)
}

async function fetchInto(drawing: Signal<Drawing>, path: string): Promise<void> {
  try {
    const drawn = await read<DrawnChart>(`api/charts/${path}`)
    drawing.value = { state: 'drawn', drawn, map: new ChartMap(drawn.chart) }
  } catch (thrown) {
    drawing.value = { state: 'failed', why: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}
