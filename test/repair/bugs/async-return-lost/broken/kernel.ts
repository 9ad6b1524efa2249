/** Parts in stock and quotes for them. Prices are cents. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { type Part, Shelf } from './shelf.ts'

interface Wanted {
  name: string
  count: number
}
interface Priced extends Wanted {
  cents: number
}

const kernel = defineKernel({
  start(ctx: KernelContext<Part[]>) {
    const shelf = new Shelf(ctx.restored ?? [])

    async function priced({ name, count }: Wanted): Promise<Priced> {
      const { cents } = await shelf.find(name)
      const rebate = count >= 100 ? 10 : 0
      return { name, count, cents: Math.floor((cents * count * (100 - rebate)) / 100) }
    }
    return {
      api: {
        stock(name: string, cents: number, count: number): void {
          shelf.put({ name, cents, count })
        },
        part: (name: string): Promise<Part> => shelf.find(name),
        async quote(wanted: Wanted[]): Promise<{ lines: Priced[]; cents: number }> {
          const lines = await Promise.all(
            wanted.map(async (each): Promise<Priced> => {
              ctx.log.debug('a part is priced', { name: each.name })
              priced(each)
            }),
          )
          return { lines, cents: lines.reduce((sum, line) => sum + line.cents, 0) }
        },
        low: (limit: number): string[] => shelf.below(limit),
      },
      snapshot: () => shelf.all(),
    }
  },
})
export default kernel
export type Parts = KernelApi<typeof kernel>
