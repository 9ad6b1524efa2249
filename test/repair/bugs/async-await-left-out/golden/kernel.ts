/** Price lists as suppliers send them: lines of number, text and cents. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { type Article, parse } from './list.ts'

const kernel = defineKernel({
  start(ctx: KernelContext<[name: string, text: string][]>) {
    const lists = new Map(ctx.restored)

    function read(name: string): Article[] {
      const text = lists.get(name)
      if (text === undefined) throw new Error(`There is no list ${name}.`)
      return parse(text)
    }
    return {
      api: {
        publish(name: string, text: string): void {
          parse(text)
          lists.set(name, text)
        },
        price(name: string, number: string): number | null {
          return read(name).find((article) => article.number === number)?.cents ?? null
        },
        /** Numbers of the articles whose text contains this, cheapest first. */
        search(name: string, part: string): string[] {
          const wanted = part.toLowerCase()
          const found = read(name).filter(({ text }) => text.toLowerCase().includes(wanted))
          return found.sort((a, b) => a.cents - b.cents).map(({ number }) => number)
        },
        size: (name: string): number => read(name).length,
      },
      snapshot: () => [...lists],
    }
  },
})
export default kernel
export type PriceLists = KernelApi<typeof kernel>
