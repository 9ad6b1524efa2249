/** Measurements as their sources send them, in batches. */
import { setImmediate } from 'node:timers/promises'
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { Series } from './series.ts'

interface Row {
  at: number
  value: number
}

/** A large batch must not hold the thread for long. */
const chunkRows = 500

const kernel = defineKernel({
  start(ctx: KernelContext<[source: string, rows: Row[]][]>) {
    const sources = new Map((ctx.restored ?? []).map(([source, rows]) => [source, new Series(rows)]))

    async function store(series: Series, source: string, row: Row, index: number): Promise<void> {
      if (!Number.isFinite(row.value)) throw new Error(`row ${index + 1} of ${source} has no value`)
      series.add(row)
    }
    return {
      api: {
        /** Returns how many rows were accepted. */
        async ingest(source: string, rows: Row[]): Promise<number> {
          const series = sources.get(source) ?? new Series([])
          sources.set(source, series)
          for (let from = 0; from < rows.length; from += chunkRows) {
            rows.slice(from, from + chunkRows).forEach(async (row, index) => {
              await store(series, source, row, from + index)
            })
            await setImmediate()
          }
          return rows.length
        },
        mean: (source: string): number | null => sources.get(source)?.mean() ?? null,
        latest: (source: string): Row | null => sources.get(source)?.latest() ?? null,
        sources: (): string[] => [...sources.keys()].sort(),
      },
      snapshot: () => [...sources].map(([source, series]): [string, Row[]] => [source, series.rows]),
    }
  },
})
export default kernel
export type Measurements = KernelApi<typeof kernel>
