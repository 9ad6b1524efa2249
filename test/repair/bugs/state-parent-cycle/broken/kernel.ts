/** The categories of a shop: each has one above it, but for the root. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'

type Tree = [name: string, parent: string | null][]

const kernel = defineKernel({
  start(ctx: KernelContext<Tree>) {
    const parents = new Map(ctx.restored)

    function need(name: string): void {
      if (!parents.has(name)) throw new Error(`There is no category ${name}.`)
    }
    /** From the root to this one. */
    function path(name: string): string[] {
      need(name)
      const names = new Set<string>()
      for (let next: string | null = name; next !== null; next = parents.get(next) ?? null) names.add(next)
      return [...names].reverse()
    }
    return {
      api: {
        add(name: string, parent: string | null): void {
          if (parents.has(name)) throw new Error(`There is a category ${name}.`)
          if (parent !== null) need(parent)
          parents.set(name, parent)
        },
        move(name: string, parent: string): void {
          need(name)
          if (path(parent).includes(name)) throw new Error(`${parent} is below ${name}.`)
          parents.set(name, parent)
        },
        path: (name: string): string => path(name).join(' > '),
        /** Everything below it, however deep. */
        below(name: string): string[] {
          need(name)
          return [...parents.keys()].filter((each) => each !== name && path(each).includes(name)).sort()
        },
      },
      snapshot: (): Tree => [...parents],
    }
  },
})
export default kernel
export type Categories = KernelApi<typeof kernel>
