/** How long requests took, by route, in buckets. Milliseconds. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { Histogram } from './histogram.ts'

interface LatencyConfig {
  /** Upper bounds of the buckets, ascending. */
  bounds?: number[]
}
type LatencyState = [route: string, counts: number[]][]

const kernel = defineKernel({
  start(ctx: KernelContext<LatencyState, LatencyConfig>) {
    const bounds = ctx.config.bounds ?? [5, 25, 100, 500, 2500]
    const routes = new Map((ctx.restored ?? []).map(([route, counts]) => [route, Histogram(bounds, counts)]))

    function histogramOf(route: string) {
      let histogram = routes.get(route)
      if (histogram === undefined) {
        histogram = Histogram(bounds)
        routes.set(route, histogram)
      }
      return histogram
    }
    return {
      api: {
        record: (route: string, ms: number): void => histogramOf(route).add(ms),
        /** Percent of the requests that took no longer than this; null where there were none. */
        share: (route: string, ms: number): number | null => histogramOf(route).share(ms),
        reset(route: string): void {
          routes.set(route, Histogram(bounds))
        },
        routes: (): string[] => [...routes.keys()].sort(),
      },
      snapshot: (): LatencyState => [...routes].map(([route, histogram]) => [route, histogram.counts]),
    }
  },
})
export default kernel
export type Latency = KernelApi<typeof kernel>
