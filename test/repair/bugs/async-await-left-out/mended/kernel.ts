/** Price lists as suppliers send them: lines of number, text and cents. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { type Article, checksumOf, parse } from './list.ts'

interface Stored {
  text: string
  checksum: string
}

const kernel = defineKernel({
  start(ctx: KernelContext<[name: string, stored: Stored][]>) {
    const lists = new Map(ctx.restored)

    async function read(name: string): Promise<Article[]> {
      const list = lists.get(name)
      if (list === undefined) throw new Error(`There is no list ${name}.`)
      if ((await checksumOf(list.text)) !== list.checksum) throw new Error(`List ${name} was damaged.`)
      return parse(list.text)
    }
    return {
      api: {
        async publish(name: string, text: string): Promise<void> {
          parse(text)
          lists.set(name, { text, checksum: await checksumOf(text) })
        },
        async price(name: string, number: string): Promise<number | null> {
          const articles = await read(name)
          return articles.find((article) => article.number === number)?.cents ?? null
        },
        /** Numbers of the articles whose text contains this, cheapest first. */
        async search(name: string, part: string): Promise<string[]> {
          const wanted = part.toLowerCase()
          const found = (await read(name)).filter(({ text }) => text.toLowerCase().includes(wanted))
          return found.sort((a, b) => a.cents - b.cents).map(({ number }) => number)
        },
        size: async (name: string): Promise<number> => (await read(name)).length,
        checksum: (name: string): string | null => lists.get(name)?.checksum ?? null,
      },
      snapshot: () => [...lists],
    }
  },
})
export default kernel
export type PriceLists = KernelApi<typeof kernel>
