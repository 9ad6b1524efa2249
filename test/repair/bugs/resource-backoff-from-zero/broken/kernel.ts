import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { delaysOf, type Policy } from './delays.ts'

export default defineKernel({
  start(ctx: KernelContext<Record<string, number>>) {
    const failures = new Map(Object.entries(ctx.restored ?? {}))

    return {
      api: {
        plan(policy: Policy) {
          const delays = delaysOf(policy)
          return { delays, allMs: delays.reduce((sum, delay) => sum + delay, 0) }
        },
        /** Milliseconds to wait; null where the job has used its attempts up. */
        fail(job: string, policy: Policy): number | null {
          const count = failures.get(job) ?? 0
          failures.set(job, count + 1)
          return delaysOf(policy)[count] ?? null
        },
        forget: (job: string): boolean => failures.delete(job),
        failing: () => [...failures].filter(([, count]) => count > 1).map(([job]) => job),
      },
      snapshot: () => Object.fromEntries(failures),
    }
  },
})
