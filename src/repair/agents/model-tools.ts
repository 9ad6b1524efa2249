/**
 * What a model may do: look at files, change those that a repair may change, try the result in the sandbox, and hand it
 * over. Every path is confined by the work folder, every result is bounded and fenced. No tool reads instructions from
 * what it shows, so no text in the evidence can widen what is here.
 */
import { z } from 'zod'
import { describeRecord } from '../../base/error-record.ts'
import { LazaretError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { redactText } from '../../base/redact.ts'
import type { RemedyStep } from '../../base/remedy.ts'
import type { IsolatedResult } from '../trial.ts'
import type { AgentInput } from './agent.ts'
import { fence, oneLine } from './fence.ts'
import type { WorkFolder } from './work-folder.ts'

const path = z.string().min(1).max(400).describe('relative path of a file in the work folder')

/** As the `ai` package takes them; they are carried out by run(), one after the other. */
export const toolSpecs = {
  list_files: { description: 'Names of all files that can be read.', inputSchema: z.object({}) },
  read_file: {
    description: 'Lines of a file, numbered from 1. Long files are shown in parts: ask for further lines.',
    inputSchema: z.object({
      path,
      from: z.int().min(1).optional().describe('first line; default 1'),
      to: z.int().min(1).optional().describe('last line; default: as many as fit'),
    }),
  },
  search_files: {
    description:
      'Lines that hold a text, in all files. An asterisk stands for any characters; there is no other pattern. Upper and lower case count as the same.',
    inputSchema: z.object({ text: z.string().min(1).max(limits.agentSearchChars) }),
  },
  edit_file: {
    description: 'Replaces a text in a source file. The old text must stand in it exactly once.',
    inputSchema: z.object({ path, old: z.string().min(1), new: z.string() }),
  },
  write_file: {
    description: 'Replaces the whole text of a source file that is there. Prefer edit_file.',
    inputSchema: z.object({ path, text: z.string() }),
  },
  run_replay: {
    description: 'Runs the recorded messages in the sandbox with your changes, as the proof will.',
    inputSchema: z.object({}),
  },
  run_check: {
    description: "Runs the kernel's own check in the sandbox with your changes.",
    inputSchema: z.object({}),
  },
  submit: {
    description: 'Hands your changes over to be proved. Call it once, when run_replay and run_check pass.',
    inputSchema: z.object({ explanation: z.string().min(1).describe('one sentence: the cause, and what mends it') }),
  },
} as const

export type ToolName = keyof typeof toolSpecs

export function isToolName(name: string): name is ToolName {
  return Object.hasOwn(toolSpecs, name)
}

export interface ToolOutcome {
  readonly text: string
  /** The explanation, where the changes were handed over. */
  readonly submitted?: string
}

type Input<N extends ToolName> = z.output<(typeof toolSpecs)[N]['inputSchema']>

export class ModelTools {
  readonly #input: AgentInput
  readonly #folder: WorkFolder
  readonly #progress: (text: string) => void

  constructor(input: AgentInput, folder: WorkFolder, progress: (text: string) => void) {
    this.#input = input
    this.#folder = folder
    this.#progress = progress
  }

  /** Never throws for what the model did wrong: that is its result. @throws the signal's reason, and what the sandbox throws when it is aborted. */
  async run(name: ToolName, given: unknown): Promise<ToolOutcome> {
    this.#progress(`${name} ${oneLine(JSON.stringify(given) ?? '')}`)
    try {
      return await this.#run(name, given)
    } catch (thrown) {
      this.#input.signal.throwIfAborted()
      if (!(thrown instanceof LazaretError)) throw thrown
      const hint = thrown.hint === undefined ? '' : ` ${thrown.hint}`
      return { text: `Refused: ${oneLine(thrown.message + hint, limits.agentVerdictChars)}` }
    }
  }

  async #run(name: ToolName, given: unknown): Promise<ToolOutcome> {
    const parse = <N extends ToolName>(tool: N) => toolSpecs[tool].inputSchema.parse(given) as Input<N>
    switch (name) {
      case 'list_files':
        return { text: fence('names of files', (await this.#folder.list()).join('\n')) }
      case 'read_file':
        return { text: await this.#read(parse(name)) }
      case 'search_files':
        return { text: await this.#search(parse(name).text) }
      case 'edit_file':
        return { text: await this.#edit(parse(name)) }
      case 'write_file': {
        const { path, text } = parse(name)
        return { text: await this.#write(path, text) }
      }
      case 'run_replay':
        return { text: describeTrial('the replay', await this.#input.replay(await this.#steps())) }
      case 'run_check': {
        const result = await this.#input.check(await this.#steps())
        return { text: result === undefined ? 'This kernel has no check.' : describeTrial('the check', result) }
      }
      case 'submit':
        return this.#submit(parse(name).explanation)
    }
  }

  async #read({ path, from = 1, to }: Input<'read_file'>): Promise<string> {
    const lines = (await this.#folder.read(path)).split('\n')
    const shown: string[] = []
    let chars = 0
    for (let number = from; number <= Math.min(to ?? lines.length, lines.length); number += 1) {
      const line = `${number}\t${lines[number - 1]}`
      chars += line.length + 1
      if (chars > limits.agentResultChars && shown.length > 0) break
      shown.push(line)
    }
    const last = from + shown.length - 1
    return fence(`${oneLine(path)}, lines ${from} to ${last} of ${lines.length}`, shown.join('\n'))
  }

  async #search(text: string): Promise<string> {
    const parts = text.toLowerCase().split('*')
    const hits: string[] = []
    for (const file of await this.#folder.list()) {
      const lines = (await this.#folder.read(file)).split('\n')
      for (const [index, line] of lines.entries()) {
        if (!holds(line.slice(0, limits.agentSearchLineChars).toLowerCase(), parts)) continue
        hits.push(`${file}:${index + 1}: ${line.slice(0, limits.agentSearchLineChars)}`)
        if (hits.length >= limits.agentSearchHits) return fence(`the first ${hits.length} lines`, hits.join('\n'))
      }
    }
    return hits.length === 0 ? 'No line holds it.' : fence(`${hits.length} lines`, hits.join('\n'))
  }

  async #edit({ path, old, new: replacement }: Input<'edit_file'>): Promise<string> {
    const before = await this.#folder.read(path)
    const isCrLf = before.includes('\r\n')
    const [wanted, given] = [old, replacement].map((text) => (isCrLf ? text.replace(/\r?\n/g, '\r\n') : text))
    const [head = '', ...rest] = before.split(wanted ?? '')
    if (rest.length !== 1) {
      throw new LazaretError('PATCH_REFUSED', `The old text stands in the file ${rest.length} times, not once.`, {
        hint: 'Read the lines again, and give more of those around it.',
      })
    }
    return this.#write(path, head + (given ?? '') + (rest[0] ?? ''))
  }

  async #write(path: string, text: string): Promise<string> {
    const kind = await this.#folder.write(path, text)
    if (kind === 'check') return 'Written. It is what judges the repair: a candidate that changes it is refused.'
    return 'Written.'
  }

  /** @throws LazaretError PATCH_REFUSED where the changes cannot be tried. */
  async #steps(): Promise<readonly RemedyStep[]> {
    const { steps, problems } = await this.#folder.taken()
    if (problems.length > 0) throw new LazaretError('PATCH_REFUSED', problems.join(' '))
    return steps
  }

  async #submit(explanation: string): Promise<ToolOutcome> {
    const steps = await this.#steps()
    if (steps.length === 0) return { text: 'Refused: you have changed nothing yet.' }
    return { text: 'Handed over.', submitted: explanation }
  }
}

/** The parts one after the other: linear, whatever the text. */
function holds(line: string, parts: readonly string[]): boolean {
  let at = 0
  for (const part of parts) {
    const found = line.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return true
}

function describeTrial(what: string, result: IsolatedResult): string {
  const { outcome, phase, at, error, log, needed } = result
  const lines = [
    `outcome: ${outcome}`,
    ...(outcome === 'passed' ? [] : [`phase: ${phase}${at === undefined ? '' : `, message ${at}`}`]),
    ...(needed === undefined ? [] : [`refused by the sandbox: ${needed}`]),
    ...(error === undefined ? [] : [describeRecord(error), error.stack ?? '']),
    ...(log.length === 0 ? [] : ['log:', ...log]),
  ]
  const verdict = outcome === 'passed' ? 'passed' : 'did not pass'
  return `${what} ${verdict}.\n${fence(`result of ${what}`, redactText(lines.join('\n')))}`
}
