import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { Feed, type Page } from './feed.ts'

export default defineKernel({
  start(ctx: KernelContext<string[], { perPage?: number }>) {
    const { perPage = 3 } = ctx.config
    const feed = new Feed(ctx.restored)

    return {
      api: {
        publish: (title: string): number => feed.add(title),
        page: (number: number): string[] => feed.after(number * perPage, perPage).titles,
        after: (cursor: string | null, most = perPage): Page => feed.after(Number(cursor ?? 0), most),
        /** Everything, fetched page by page as a client does. */
        export(): string[] {
          const all = new Set<string>()
          let cursor: string | null = '0'
          while (cursor !== null) {
            const { titles, next } = feed.after(Number(cursor), perPage)
            for (const title of titles) all.add(title)
            cursor = next
          }
          return [...all]
        },
        search: (text: string, most = 20): string[] => feed.all().filter((title) => title.includes(text)).slice(0, most),
      },
      snapshot: () => feed.all(),
    }
  },
})
