import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { parseQuery, type Query } from './query.ts'

interface Product {
  id: string
  name: string
  tags: string[]
}

export default defineKernel({
  start(ctx: KernelContext<Product[]>) {
    const products = new Map((ctx.restored ?? []).map((product) => [product.id, product]))

    return {
      api: {
        index(id: string, name: string, tags: string[]): number {
          products.set(id, { id, name, tags: tags.map((tag) => tag.toLowerCase()) })
          return products.size
        },
        /** Products that have every tag and the text in their name, by name. */
        search(query: Query): string[] {
          const { text, tags, limit } = parseQuery(query)
          const found = [...products.values()].filter(
            (product) =>
              product.name.toLowerCase().includes(text) && tags.every((tag) => product.tags.includes(tag)),
          )
          return found.map(({ name }) => name).sort().slice(0, limit)
        },
        remove: (id: string): boolean => products.delete(id),
      },
      snapshot: () => [...products.values()],
    }
  },
})
