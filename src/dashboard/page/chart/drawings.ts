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

/** @param path below `api/charts/`. */
export function drawingOf(path: string): Signal<Drawing> {
  const known = drawings.get(path)
  if (known !== undefined && known.peek().state !== 'failed') return known
  const drawing = signal<Drawing>({ state: 'reading' })
  drawings.set(path, drawing)
  for (const oldest of drawings.keys()) {
    if (drawings.size <= keptMax) break
    if (oldest !== 'lifecycle') drawings.delete(oldest)
  }
  void fetchInto(drawing, path)
  return drawing
}

async function fetchInto(drawing: Signal<Drawing>, path: string): Promise<void> {
  try {
    const drawn = await read<DrawnChart>(`api/charts/${path}`)
    drawing.value = { state: 'drawn', drawn, map: new ChartMap(drawn.chart) }
  } catch (thrown) {
    drawing.value = { state: 'failed', why: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}
