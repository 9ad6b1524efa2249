import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { matches, type Moment, parsePattern } from './pattern.ts'

interface ScheduleConfig {
  jobs: Record<string, string>
}

export default defineKernel({
  start(ctx: KernelContext<string[], ScheduleConfig>) {
    const patterns = new Map(Object.entries(ctx.config.jobs).map(([job, text]) => [job, parsePattern(text)]))
    const paused = new Set(ctx.restored)

    function known(job: string) {
      const pattern = patterns.get(job)
      if (pattern === undefined) throw new Error(`there is no job ${job}`)
      return pattern
    }

    return {
      api: {
        jobs: () => [...patterns.keys()].sort(),
        isDue: (job: string, moment: Moment): boolean => !paused.has(job) && matches(known(job), moment),
        due: (moment: Moment) =>
          [...patterns].filter(([job, pattern]) => !paused.has(job) && matches(pattern, moment)).map(([job]) => job),
        pause(job: string) {
          known(job)
          paused.add(job)
          return [...paused]
        },
        resume: (job: string): boolean => paused.delete(job),
      },
      snapshot: () => [...paused],
    }
  },
})
