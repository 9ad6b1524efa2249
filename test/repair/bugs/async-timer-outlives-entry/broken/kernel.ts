/** Jobs that workers take on lease: one that is not acknowledged in time is handed out again. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { type Job, Leases } from './leases.ts'

const kernel = defineKernel({
  start(ctx: KernelContext<Job[], { leaseMs?: number }>) {
    const waiting = [...(ctx.restored ?? [])]
    const leases = new Leases(ctx.config.leaseMs ?? 30_000, (job) => waiting.unshift(job))

    return {
      api: {
        put(id: string, work: string): number {
          return waiting.push({ id, work, tries: 0 })
        },
        /** Null where there is nothing to do. */
        take(): Job | null {
          const job = waiting.shift()
          if (job !== undefined) leases.grant(job)
          return job ?? null
        },
        ack: (id: string): boolean => leases.remove(id) !== undefined,
        /** A worker that cannot do the job gives it to the next one. */
        release(id: string): boolean {
          const job = leases.remove(id)
          if (job !== undefined) waiting.push(job)
          return job !== undefined
        },
        waiting: (): string[] => waiting.map(({ id }) => id),
      },
      snapshot: () => [...leases.jobs(), ...waiting],
      stop: () => leases.endAll(),
    }
  },
})
export default kernel
export type Jobs = KernelApi<typeof kernel>
