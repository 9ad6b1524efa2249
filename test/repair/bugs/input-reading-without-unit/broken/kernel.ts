import { defineKernel, type KernelContext } from 'lazaret/kernel'

interface Reading {
  sensor: string
  value: number
  unit: string
}
type Means = Record<string, { sum: number; count: number }>

const round = (value: number) => Math.round(value * 10) / 10

function celsius({ value, unit }: Reading): number {
  return unit.trim().toUpperCase() === 'F' ? ((value - 32) * 5) / 9 : value
}

export default defineKernel({
  start(ctx: KernelContext<{ pending: Reading[]; means: Means }, { flushMs?: number }>) {
    const { flushMs = 1000 } = ctx.config
    const pending: Reading[] = ctx.restored?.pending ?? []
    const means: Means = ctx.restored?.means ?? {}
    let timer: NodeJS.Timeout | undefined

    function flush(): number {
      clearTimeout(timer)
      timer = undefined
      const batch = pending.splice(0)
      for (const reading of batch) {
        const mean = (means[reading.sensor] ??= { sum: 0, count: 0 })
        mean.sum += celsius(reading)
        mean.count += 1
      }
      return batch.length
    }

    return {
      api: {
        take(reading: Reading): number {
          if (typeof reading.value !== 'number') throw new Error(`${reading.sensor} has no value`)
          pending.push(reading)
          timer ??= setTimeout(flush, flushMs)
          return pending.length
        },
        flush,
        mean(sensor: string): number | null {
          const mean = means[sensor]
          return mean === undefined ? null : round(mean.sum / mean.count)
        },
      },
      snapshot: () => ({ pending, means }),
      stop: () => clearTimeout(timer),
    }
  },
})
