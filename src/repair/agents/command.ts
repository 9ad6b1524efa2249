/**
 * Any coding agent with a command line: it is started in a copy of the kernel's folder with the task as TASK.md, and on
 * its standard input, and its diff is taken when it has ended. What it says is shown and not believed.
 */
import type { ProgramSpec } from '../../base/agents-spec.ts'
import { LazaretError } from '../../base/errors.ts'
import type { AgentInput, RepairAgent } from './agent.ts'
import { inAttempts } from './attempts.ts'
import { Output, startProgram } from './program.ts'
import { taskText } from './task.ts'
import { boundedProgress } from './voice.ts'
import { WorkFolder } from './work-folder.ts'

export interface ProgramAgentOptions {
  /** Folders that the program is not to see, in bubblewrap. Absolute paths. */
  readonly hidden?: readonly string[]
  /** False: without bubblewrap even where there is one. Default: in it where it works. */
  readonly bubblewrap?: boolean
}

export function makeCommandAgent(spec: ProgramSpec, options: ProgramAgentOptions = {}): RepairAgent {
  return {
    name: 'command',
    propose: (input) =>
      inAttempts(input, 'command', spec, async ({ feedback, signal }) => {
        const folder = await WorkFolder.make(input)
        const { attempts, minutes } = spec
        const task = taskText({ evidence: input.evidence, folder, attempts, minutes, feedback })
        await folder.writeTask(task)
        return { folder, why: await run(spec, options, { input, folder, task, signal }) }
      }),
  }
}

interface Run {
  readonly input: AgentInput
  readonly folder: WorkFolder
  readonly task: string
  readonly signal: AbortSignal
}

/** @returns its last words. @throws LazaretError AGENT_FAILED; the signal's reason. Its processes have ended then. */
async function run(spec: ProgramSpec, options: ProgramAgentOptions, { input, folder, task, signal }: Run) {
  signal.throwIfAborted()
  const { hidden = [], ...rest } = options
  const progress = boundedProgress(input)
  await using program = await startProgram({ ...rest, hidden, spec, folder, ownFolder: input.folder, progress })
  const output = new Output(progress)
  for (const stream of [program.child.stdout, program.child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => output.add(chunk))
  }
  program.child.stdin.end(task)
  const { code, signal: by } = await Promise.race([program.ended, aborted(signal)])
  await program.end()
  output.end()
  if (code === 0) return `${spec.run[0]}: ${output.last === '' ? 'it said nothing' : output.last}`
  const how = by === null ? `ended with code ${code}` : `was ended by ${by}`
  throw new LazaretError('AGENT_FAILED', `the program ${how}${output.last === '' ? '' : `; it said: ${output.last}`}`)
}

/** Rejects when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
