/** Feature flags: a flag that was never set is what the configuration says, or off. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { type FlagsState, read } from './stored.ts'

const kernel = defineKernel({
  start(ctx: KernelContext<FlagsState, { defaults?: Record<string, boolean> }>) {
    const defaults = new Map(Object.entries(ctx.config.defaults ?? {}))
    const flags = read(ctx.restored)

    return {
      api: {
        set(name: string, on: boolean): boolean {
          if (typeof on !== 'boolean') throw new Error(`A flag is true or false. Got: ${typeof on}`)
          const before = flags.get(name)
          flags.set(name, on)
          return before !== on
        },
        clear: (name: string): boolean => flags.delete(name),
        isOn: (name: string): boolean => flags.get(name) ?? defaults.get(name) ?? false,
        all: (): Record<string, boolean> => Object.fromEntries([...defaults, ...flags]),
      },
      snapshot: (): FlagsState => ({ version: 2, flags: Object.fromEntries(flags) }),
    }
  },
})
export default kernel
export type Flags = KernelApi<typeof kernel>
