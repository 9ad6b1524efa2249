import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { apply, type Command, kinds } from './commands.ts'

export default defineKernel({
  start(ctx: KernelContext<{ text: string; undone: string[] }, { undos?: number }>) {
    const { undos = 50 } = ctx.config
    let text = ctx.restored?.text ?? ''
    const before: string[] = ctx.restored?.undone ?? []

    function remember(): void {
      before.push(text)
      if (before.length > undos) before.shift()
    }

    return {
      api: {
        run(command: Command): string {
          const next = apply(text, command)
          remember()
          text = next
          return text
        },
        /** All of them or none. */
        runAll(commands: Command[]): string {
          const next = commands.reduce(apply, text)
          remember()
          text = next
          return text
        },
        undo(): string {
          text = before.pop() ?? text
          return text
        },
        kinds: () => kinds,
        text: () => text,
      },
      snapshot: () => ({ text, undone: before }),
    }
  },
})
