import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { table, wrap } from './layout.ts'

interface Notice {
  title: string
  text: string
}

export default defineKernel({
  start(ctx: KernelContext<Notice[], { width?: number }>) {
    const { width = 20 } = ctx.config
    const notices: Notice[] = ctx.restored ?? []

    return {
      api: {
        post(title: string, text: string): number {
          notices.push({ title, text })
          return notices.length
        },
        print(at: number): string[] {
          const notice = notices[at]
          if (notice === undefined) throw new RangeError(`there is no notice ${at}`)
          return [notice.title.toUpperCase(), ...wrap(notice.text, width)]
        },
        index: () => table(notices.map(({ title, text }) => [title, String(text.length)]), width),
        preview: (text: string) => wrap(text, width)[0] ?? '',
      },
      snapshot: () => notices,
    }
  },
})
