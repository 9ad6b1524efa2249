import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { Workshop } from './workshop.ts'

interface Report {
  id: string
  parts: number
  rows: number
}

export default defineKernel({
  start(ctx: KernelContext<Report[]>) {
    const workshop = new Workshop()
    const reports: Report[] = ctx.restored ?? []

    return {
      api: {
        async run(id: string, topics: string[]) {
          const progress: string[] = []
          let rows = 0
          workshop.on('part', (part) => {
            if (part.report !== id) return
            rows += part.rows
            progress.push(`${part.topic}: ${part.rows}`)
          })
          await workshop.build(id, topics)
          reports.push({ id, parts: topics.length, rows })
          return { rows, progress }
        },
        done: () => reports.map(({ id, rows }) => `${id} ${rows}`),
      },
      snapshot: () => reports,
    }
  },
})
