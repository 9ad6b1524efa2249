/**
 * What becomes of a playbook file over time: each accepted text is a version with one line that says what changed, and by
 * whom. Where versions are kept, and who is told, is handed in. A text that is the last version's is no news.
 */
import { isDeepStrictEqual } from 'node:util'
import { clipShown } from '../base/input-problem.ts'
import type { Playbook } from './schema.ts'

export interface PlaybookChange {
  readonly kernel: string
  /** One line, such as `trust of code-3fa92c1b77d0 trial→trusted`. */
  readonly change: string
  /** The one that changed; absent where it is more than one, or the file. */
  readonly playbook?: string
  /** Of the whole file; empty where it is gone. */
  readonly text: string
}

export interface VersionStore {
  /** Keeps a change and tells of it; the number of the version. */
  add(change: PlaybookChange): number
  /** Text of the newest version. */
  lastText(kernel: string): string | undefined
}

const changeChars = 300

export class Versions {
  readonly #store: VersionStore | undefined
  readonly #failed: (thrown: unknown) => void
  /** By kernel: the newest text. */
  readonly #texts = new Map<string, string | undefined>()

  /** @param failed told where the store refuses: the playbooks are in force all the same. */
  constructor(store: VersionStore | undefined, failed: (thrown: unknown) => void) {
    this.#store = store
    this.#failed = failed
  }

  /**
   * Notes a text that has been accepted. Its number; undefined where it is no news or nothing is kept.
   * @param said what the runtime itself has just done, or how the change looks.
   */
  note(kernel: string, text: string, said: () => { change: string; playbook?: string }): number | undefined {
    if (this.#store === undefined) return undefined
    try {
      if (!this.#texts.has(kernel)) this.#texts.set(kernel, this.#store.lastText(kernel))
      if ((this.#texts.get(kernel) ?? '') === text) return undefined
      const { change, ...rest } = said()
      const version = this.#store.add({ kernel, change: clipShown(change, changeChars), text, ...rest })
      this.#texts.set(kernel, text)
      return version
    } catch (thrown) {
      this.#failed(thrown)
      return undefined
    }
  }
}

/** What a person has done to a file, as far as its playbooks show it. @param isNew nothing is known of it so far. */
export function describeEdit(
  before: readonly Playbook[],
  after: readonly Playbook[],
  isNew: boolean,
): { change: string; playbook?: string } {
  const names = after.map(({ name }) => name)
  if (isNew) return { change: `found: ${names.join(', ') || 'no playbook'}`, ...only(names) }
  const old = new Map(before.map((playbook) => [playbook.name, playbook]))
  const changes: { readonly name: string; readonly text: string }[] = []
  for (const playbook of after) {
    const { name, trust } = playbook
    const was = old.get(name)
    old.delete(name)
    if (was === undefined) changes.push({ name, text: `added by a person: ${name}` })
    else if (isDeepStrictEqual({ ...was, trust }, playbook) && was.trust !== trust) {
      changes.push({ name, text: `trust of ${name} ${was.trust}→${trust} by a person` })
    } else if (!isDeepStrictEqual(was, playbook)) changes.push({ name, text: `edited by a person: ${name}` })
  }
  for (const name of old.keys()) changes.push({ name, text: `deleted by a person: ${name}` })
  if (changes.length === 0) return { change: 'comments edited by a person' }
  return { change: changes.map(({ text }) => text).join('; '), ...only(changes.map(({ name }) => name)) }
}

function only(names: readonly string[]): { playbook?: string } {
  const [name, ...rest] = names
  return name === undefined || rest.length > 0 ? {} : { playbook: name }
}
