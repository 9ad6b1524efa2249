/**
 * The stack of a thread that does not answer, taken from outside: the inspector has it pause, reads its frames and lets
 * it go. It works within a spin and within Atomics.wait (FACTS B), not within a native call or a blocking system call.
 * The thread runs on afterwards; ending it is the caller's business.
 */
import { inTurn, nudgeMs } from './inspection-turn.ts'
import { type InspectorLine, type InspectorMessage, inspectorLine } from './inspector.ts'

export interface HangFrame {
  readonly fn: string
  /** file: URL, or whatever name the script has. */
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly column: number
}

export interface HangStack {
  /** In V8's form, innermost first: `    at fn (file:line:column)`, a line each. */
  readonly stack: string
  readonly frames: readonly HangFrame[]
}

/**
 * @param thread the worker's name; one that was started since attachInspector().
 * @param deadlineMs for everything, waiting for other inspections included.
 * @returns undefined where no stack could be had in time, or no worker of the process is this one.
 */
export function stackOfThread(thread: string, deadlineMs: number): Promise<HangStack | undefined> {
  return inTurn(deadlineMs, (deadline) => inspectOnce(thread, deadline))
}

async function inspectOnce(thread: string, deadline: Promise<undefined>): Promise<HangStack | undefined> {
  const inspection = new Inspection()
  try {
    return await Promise.race([inspection.frames(thread), deadline])
  } finally {
    inspection.leave()
  }
}

interface CallFrame {
  readonly functionName: string
  readonly url: string
  /** From 0. */
  readonly location: { readonly scriptId: string; readonly lineNumber: number; readonly columnNumber?: number }
}

class Inspection {
  readonly #scripts = new Map<string, string>()
  readonly #result = Promise.withResolvers<HangStack | undefined>()
  #line: InspectorLine | undefined
  #nudge: NodeJS.Timeout | undefined

  /** Resolves with nothing where there is no such thread, it ended meanwhile, or another debugger holds it. */
  frames(thread: string): Promise<HangStack | undefined> {
    this.#line = inspectorLine(thread, (message) => this.#read(message))
    if (this.#line === undefined) return Promise.resolve(undefined)
    this.#line.send('Debugger.enable')
    this.#line.send('Debugger.pause')
    this.#nudge = setInterval(() => this.#line?.send('Debugger.pause'), nudgeMs)
    return this.#result.promise
  }

  #read({ method, error, params }: InspectorMessage): void {
    if (error !== undefined) this.#result.resolve(undefined)
    if (method === 'Debugger.scriptParsed' && params !== undefined) {
      this.#scripts.set(String(params.scriptId), String(params.url ?? ''))
    }
    if (method === 'Debugger.paused') {
      this.#result.resolve(toStack((params?.callFrames ?? []) as readonly CallFrame[], this.#scripts))
    }
  }

  /** Read in this order by the thread, so that a pause that comes too late does not hold it. */
  leave(): void {
    clearInterval(this.#nudge)
    this.#line?.send('Debugger.resume')
    this.#line?.send('Debugger.disable')
    this.#line?.hangUp()
  }
}

function toStack(callFrames: readonly CallFrame[], scripts: ReadonlyMap<string, string>): HangStack {
  const frames = callFrames.map(({ functionName, url, location }) => ({
    fn: functionName === '' ? '<anonymous>' : functionName,
    file: url || scripts.get(location.scriptId) || '<unknown>',
    line: location.lineNumber + 1,
    column: (location.columnNumber ?? 0) + 1,
  }))
  return {
    stack: frames.map(({ fn, file, line, column }) => `    at ${fn} (${file}:${line}:${column})`).join('\n'),
    frames,
  }
}
