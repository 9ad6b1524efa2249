import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { apply, type Command } from './commands.ts'

export default defineKernel({
  start(ctx: KernelContext<{ text: string; undone: string[] }>) {
    let text = ctx.restored?.text ?? ''
    const before: string[] = ctx.restored?.undone ?? []

    return {
      api: {
        run(command: Command): string {
          const next = apply(text, command)
          before.push(text)
          text = next
          return text
        },
        undo(): string {
          text = before.pop() ?? text
          return text
        },
        text: () => text,
      },
      snapshot: () => ({ text, undone: before }),
    }
  },
})
