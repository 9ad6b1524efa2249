import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { median, round } from './numbers.ts'

interface Series {
  count: number
  values: number[]
}

export default defineKernel({
  start(ctx: KernelContext<Record<string, Series>, { keep?: number }>) {
    const { keep = 100 } = ctx.config
    const events: Record<string, Series> = { ...ctx.restored }

    return {
      api: {
        track(name: string, value: number): number {
          if (!Number.isFinite(value)) throw new RangeError(`${name}: ${value} is no measurement`)
          const series = (events[name] ??= { count: 0, values: [] })
          series.count += 1
          series.values.push(value)
          if (series.values.length > keep) series.values.shift()
          return series.count
        },
        stats(name: string) {
          if (!Object.hasOwn(events, name)) return null
          const { count, values } = events[name] as Series
          const sum = values.reduce((total, value) => total + value, 0)
          return { count, mean: round(sum / values.length), median: median(values), max: Math.max(...values) }
        },
        top(limit: number): string[] {
          const ranked = Object.entries(events).sort(([a, one], [b, two]) => two.count - one.count || a.localeCompare(b))
          return ranked.slice(0, limit).map(([name, { count }]) => `${name} ${count}`)
        },
      },
      snapshot: () => events,
    }
  },
})
