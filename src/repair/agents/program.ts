/**
 * A coding agent's process: its own group, an environment of allow-listed names, private home and temporary folders, in
 * bubblewrap where that works. When it is over nothing of it is left (process-family.ts); without bubblewrap a process
 * that leaves its group and its parent on purpose is not found again.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { ProgramSpec } from '../../base/agents-spec.ts'
import { LazaretError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { Bubblewrap } from '../bubblewrap.ts'
import { bubblewrapForAgents, wrapArguments } from './bubblewrap.ts'
import { oneLine } from './fence.ts'
import { ProcessFamily } from './process-family.ts'
import type { WorkFolder } from './work-folder.ts'

export interface ProgramOptions {
  readonly spec: ProgramSpec
  readonly folder: WorkFolder
  /** The agent's own folder, in which it gets a home and a temporary folder. */
  readonly ownFolder: string
  /** Folders that it is not to see, in bubblewrap. */
  readonly hidden: readonly string[]
  progress(text: string): void
  /** False: without bubblewrap even where there is one. */
  readonly bubblewrap?: boolean
}

export interface Program extends AsyncDisposable {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>
  /** Settles when its first process has ended; others of its group may go on until it is disposed of. */
  readonly ended: Promise<Ended>
  /** Ends what is left of its group; settles when all output was read. */
  end(): Promise<void>
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/**
 * Runs until it ends by itself or is disposed of.
 * @throws LazaretError AGENT_FAILED where it cannot be started.
 */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { spec, folder, ownFolder } = options
  const home = join(ownFolder, 'home')
  const tmp = join(ownFolder, 'tmp')
  for (const path of [home, tmp]) await mkdir(path, { recursive: true, mode: 0o700 })
  const env: Record<string, string> = { HOME: home, TMPDIR: tmp }
  for (const name of ['PATH', ...spec.env]) {
    const value = process.env[name]
    if (value !== undefined) env[name] = value
  }
  const run = spec.run.map((part) =>
    part.replaceAll('{task}', () => folder.taskPath).replaceAll('{workspace}', () => folder.path),
  )
  const wall: Bubblewrap =
    options.bubblewrap === false ? { installed: true, why: 'it was not asked for' } : bubblewrapForAgents()
  options.progress(wall.path === undefined ? `runs without bubblewrap: ${oneLine(wall.why)}` : 'runs in bubblewrap')
  const writable = [folder.path, await realpath(home), await realpath(tmp)]
  const { hidden } = options
  const wrapping = { writable, bind: spec.bind, hidden, path: env.PATH ?? '' }
  const isWrapped = wall.path !== undefined
  const [program = '', ...args] = isWrapped ? [wall.path, ...wrapArguments(run, folder.path, wrapping)] : run
  const child = spawn(program, args, {
    ...{ cwd: folder.path, env, detached: true, windowsHide: true },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const ended = Promise.withResolvers<Ended>()
  const closed = Promise.withResolvers<void>()
  child.on('exit', (code, signal) => ended.resolve({ code, signal }))
  child.on('close', () => closed.resolve())
  await new Promise<void>((resolve, reject) => {
    child.on('spawn', resolve)
    child.on('error', (cause) => {
      const text = `${oneLine(spec.run[0] ?? '')} could not be started: ${cause.message}`
      reject(new LazaretError('AGENT_FAILED', text, { cause }))
    })
  })
  // It may end before it has read what it was given: its end is what is reported.
  child.stdin.on('error', () => {})
  const family = new ProcessFamily(child.pid ?? 0, isWrapped)
  const stop = () => end(child, closed.promise, family)
  return { child, ended: ended.promise, end: stop, [Symbol.asyncDispose]: stop }
}

/** When this settles no process of its family is left, and all that they wrote was read. */
async function end(child: Program['child'], closed: Promise<void>, family: ProcessFamily): Promise<void> {
  await family.end()
  // One that got away may still hold the pipes.
  const timer = setTimeout(() => {
    for (const stream of [child.stdout, child.stderr, child.stdin]) stream.destroy()
  }, limits.agentEndMs)
  await closed
  clearTimeout(timer)
}

/** The end of what a program wrote, for its report, and its lines as they come, for whoever watches. */
export class Output {
  #kept = ''
  #line = ''
  readonly #progress: (text: string) => void

  constructor(progress: (text: string) => void) {
    this.#progress = progress
  }

  add(chunk: string): void {
    this.#kept = (this.#kept + chunk).slice(-limits.agentOutputBytes)
    // A line without an end is cut.
    const lines = (this.#line + chunk).slice(-2 * limits.agentOutputBytes).split('\n')
    this.#line = lines.pop() ?? ''
    for (const line of lines) this.#tell(line)
  }

  end(): void {
    this.#tell(this.#line)
    this.#line = ''
  }

  /** The last line that says something. */
  get last(): string {
    const line = this.#kept.trimEnd().split('\n').at(-1) ?? ''
    return oneLine(line)
  }

  #tell(line: string): void {
    const text = oneLine(line)
    if (text !== '') this.#progress(text)
  }
}
