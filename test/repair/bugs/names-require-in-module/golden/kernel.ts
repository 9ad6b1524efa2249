/** Small texts that are served as they are. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { bytesOf, typeOf } from './text.ts'

const kernel = defineKernel({
  start(ctx: KernelContext<[name: string, text: string][]>) {
    const texts = new Map(ctx.restored)

    function need(name: string): string {
      const text = texts.get(name)
      if (text === undefined) throw new Error(`There is no ${name}.`)
      return text
    }
    return {
      api: {
        put(name: string, text: string): number {
          texts.set(name, text)
          return bytesOf(text)
        },
        get: (name: string): string => need(name),
        head: (name: string) => ({ type: typeOf(name), bytes: bytesOf(need(name)) }),
        remove: (name: string): boolean => texts.delete(name),
        list: (): string[] => [...texts.keys()].sort(),
      },
      snapshot: () => [...texts],
    }
  },
})
export default kernel
export type Texts = KernelApi<typeof kernel>
