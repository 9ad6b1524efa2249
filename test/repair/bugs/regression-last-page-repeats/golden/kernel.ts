import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { Feed } from './feed.ts'

export default defineKernel({
  start(ctx: KernelContext<string[], { perPage?: number }>) {
    const { perPage = 3 } = ctx.config
    const feed = new Feed(ctx.restored)

    return {
      api: {
        publish: (title: string): number => feed.add(title),
        page: (number: number): string[] => feed.page(number, perPage),
        /** Everything, fetched page by page as a client does. */
        export(): string[] {
          const all: string[] = []
          for (let number = 0; number < feed.pages(perPage); number += 1) all.push(...feed.page(number, perPage))
          return all
        },
        search: (text: string): string[] => feed.all().filter((title) => title.includes(text)),
      },
      snapshot: () => feed.all(),
    }
  },
})
