/**
 * Texts with gaps, filled in by data: the Liquid language, without the file system and without includes. A template that
 * does not parse is refused when it is defined, and a variable that the data does not have is an error when it is
 * rendered: a blank in a letter is worse. Templates are written by people who may err, so each is bounded in size, time
 * and memory; the text comes out as it is, so what goes into HTML says `| escape`.
 */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { refusal, Shelf } from './shelf.ts'

export interface TemplatesConfig {
  /** Templates that are always there, name to source. They can be neither replaced nor removed. */
  templates?: Record<string, string>
  /** A rendering may take this long. Milliseconds, default 200. */
  renderMs?: number
}
type TemplatesState = { sources: [name: string, source: string][] }

function restore(shelf: Shelf, { restored, log }: KernelContext<TemplatesState, TemplatesConfig>): void {
  if (restored === undefined) return
  try {
    for (const [name, source] of restored.sources) {
      if (!shelf.has(name)) shelf.define(name, source, false)
      else log.warn('a restored template gave way to the one in the configuration', { template: name })
    }
  } catch (error) {
    throw refusal('STATE_INVALID', `The restored state is no list of templates: ${(error as Error).message}`)
  }
}

const kernel = defineKernel({
  start(ctx: KernelContext<TemplatesState, TemplatesConfig>) {
    const { templates = {}, renderMs = 200 } = ctx.config
    if (!Number.isSafeInteger(renderMs) || renderMs < 1 || renderMs > 60_000) {
      throw refusal('CONFIG_INVALID', `config.renderMs: accepted is 1 to 60000 milliseconds. Got: ${String(renderMs)}`)
    }
    if (typeof templates !== 'object' || templates === null || Array.isArray(templates)) {
      throw refusal('CONFIG_INVALID', 'config.templates: accepted is a map from name to source.')
    }
    const shelf = new Shelf(renderMs)
    for (const [name, source] of Object.entries(templates)) {
      try {
        shelf.define(name, source, true)
      } catch (error) {
        throw refusal('CONFIG_INVALID', `config.templates.${name}: ${(error as Error).message}`)
      }
    }
    restore(shelf, ctx)
    return {
      api: {
        /** A template of the same name is replaced. */
        define: (name: string, source: string): { name: string; replaced: boolean } => ({
          name,
          replaced: shelf.define(name, source, false),
        }),
        /** @param data an object: its keys are the template's variables. */
        render: (name: string, data: unknown = {}): string => shelf.render(name, data),
        names: (): string[] => shelf.names(),
        /** False where there was none. */
        remove: (name: string): boolean => shelf.remove(name),
      },
      snapshot: (): TemplatesState => ({ sources: shelf.sources() }),
    }
  },
})
export default kernel
export type Templates = KernelApi<typeof kernel>
