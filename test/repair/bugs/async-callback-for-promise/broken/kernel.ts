/** Mail templates with their fields in braces. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { escapeHtml, fieldsOf, renderTemplate } from './template.ts'

interface TemplatesState {
  texts: [name: string, text: string][]
  rendered: number
}
interface RenderOptions {
  /** Escapes the values for HTML, default false. */
  html?: boolean
}

const kernel = defineKernel({
  start(ctx: KernelContext<TemplatesState>) {
    const texts = new Map(ctx.restored?.texts)
    let rendered = ctx.restored?.rendered ?? 0

    function need(name: string): string {
      const text = texts.get(name)
      if (text === undefined) throw new Error(`There is no template ${name}.`)
      return text
    }
    return {
      api: {
        define(name: string, text: string): string[] {
          texts.set(name, text)
          return fieldsOf(text)
        },
        preview: (name: string): string => need(name).slice(0, 20),
        async render(name: string, values: Record<string, string>, { html = false }: RenderOptions = {}) {
          const text = await renderTemplate(need(name), html ? escapeHtml(values) : values)
          rendered += 1
          return text
        },
        rendered: (): number => rendered,
      },
      snapshot: (): TemplatesState => ({ texts: [...texts], rendered }),
    }
  },
})
export default kernel
export type Templates = KernelApi<typeof kernel>
