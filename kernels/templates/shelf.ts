/** The templates by name, parsed, each with its bounds. Those of the configuration are fixed. */
import { inspect } from 'node:util'
import { Liquid, type Template } from 'liquidjs'

const limits = { templates: 1000, sourceChars: 65_536, resultChars: 1_048_576, memory: 5_000_000 }

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** For an error's text. JSON and String() both throw a TypeError for what a caller can send: 10n, { toString: 1 }. */
function shown(value: unknown): string {
  return inspect(value, { depth: 0 }).slice(0, 200)
}

function needName(name: unknown): asserts name is string {
  if (typeof name === 'string' && /^[a-z0-9][a-z0-9._-]{0,99}$/i.test(name)) return
  const got = shown(name)
  throw refusal('INVALID_NAME', `A template's name is 1 to 100 letters, digits, dots, _ and -. Got: ${got}`)
}

export class Shelf {
  readonly #templates = new Map<string, { source: string; parsed: Template[]; fixed: boolean }>()
  readonly #renderMs: number
  // An empty map in the place of the file system: nothing can be included, and no file is ever looked for.
  readonly #liquid = new Liquid({
    ...{ templates: {}, strictVariables: true, strictFilters: true, lenientIf: true, ownPropertyOnly: true },
    parseLimit: limits.sourceChars,
    memoryLimit: limits.memory,
  })

  constructor(renderMs: number) {
    this.#renderMs = renderMs
  }

  /** @throws an error with the code TEMPLATE_INVALID, or another that says what was wrong. */
  define(name: string, source: string, fixed: boolean): boolean {
    needName(name)
    if (typeof source !== 'string' || source.length > limits.sourceChars) {
      const got = typeof source === 'string' ? `${source.length} characters` : typeof source
      throw refusal('TEMPLATE_INVALID', `A template is a text of ${limits.sourceChars} characters at most. Got: ${got}`)
    }
    this.#guard(name)
    const replaced = this.#templates.has(name)
    if (!replaced && !fixed && this.sources().length >= limits.templates) {
      throw refusal('TOO_MANY_TEMPLATES', `There are ${limits.templates} templates, which is the limit.`)
    }
    let parsed: Template[]
    try {
      parsed = this.#liquid.parse(source)
    } catch (error) {
      throw refusal('TEMPLATE_INVALID', `The template ${name} cannot be parsed: ${(error as Error).message}`)
    }
    this.#templates.set(name, { source, parsed, fixed })
    return replaced
  }

  render(name: string, data: unknown): string {
    needName(name)
    const template = this.#templates.get(name)
    if (template === undefined) throw refusal('NOT_FOUND', `There is no template ${JSON.stringify(name)}.`)
    if (typeof data !== 'object' || data === null || Array.isArray(data)) {
      throw refusal('INVALID_ARGUMENT', `data must be an object: its keys are the variables. Got: ${typeof data}`)
    }
    let text: string
    try {
      text = String(this.#liquid.renderSync(template.parsed, data, { renderLimit: this.#renderMs }))
    } catch (error) {
      throw refusal('RENDER_FAILED', `The template ${name} cannot be rendered: ${(error as Error).message}`)
    }
    if (text.length <= limits.resultChars) return text
    throw refusal('RENDER_FAILED', `The template ${name} made ${text.length} characters of ${limits.resultChars}.`)
  }

  remove(name: string): boolean {
    needName(name)
    this.#guard(name)
    return this.#templates.delete(name)
  }

  has(name: string): boolean {
    return this.#templates.has(name)
  }

  names(): string[] {
    return [...this.#templates.keys()].sort()
  }

  /** Those of callers; the configuration's come from there. */
  sources(): [string, string][] {
    const own = [...this.#templates].filter(([, template]) => !template.fixed)
    return own.map(([name, template]) => [name, template.source])
  }

  #guard(name: string): void {
    if (this.#templates.get(name)?.fixed !== true) return
    throw refusal('TEMPLATE_FIXED', `The template ${name} stands in the configuration: change it there.`)
  }
}
