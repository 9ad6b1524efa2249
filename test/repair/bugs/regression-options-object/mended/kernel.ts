import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { type Layout, table, wrap } from './layout.ts'

interface Notice {
  title: string
  text: string
}

export default defineKernel({
  start(ctx: KernelContext<Notice[], Partial<Layout>>) {
    const layout: Layout = { width: 20, indent: 0, ...ctx.config }
    const { width } = layout
    const notices: Notice[] = ctx.restored ?? []

    return {
      api: {
        post(title: string, text: string): number {
          notices.push({ title, text })
          return notices.length
        },
        print(at: number, indent = layout.indent): string[] {
          const notice = notices[at]
          if (notice === undefined) throw new RangeError(`there is no notice ${at}`)
          return [notice.title.toUpperCase(), ...wrap(notice.text, { width, indent })]
        },
        index: () => table(notices.map(({ title, text }) => [title, String(text.length)]), layout),
        preview: (text: string) => wrap(text, layout)[0] ?? '',
        layout: () => layout,
      },
      snapshot: () => notices,
    }
  },
})
