/**
 * Any coding agent that speaks the Agent Client Protocol over stdio. We are its client: we serve its reads and writes of
 * files, in its folder only, and answer its questions for permission: edits within the folder yes, programs no. Its diff
 * is taken when its turn is over. The process is held as that of a command is.
 */
import { Readable, Writable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import type {
  ClientContext,
  RequestPermissionRequest,
  RequestPermissionResponse,
  SessionUpdate,
} from '@agentclientprotocol/sdk'
import type { ProgramSpec } from '../../base/agents-spec.ts'
import { toRecord } from '../../base/error-record.ts'
import { LazaretError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { AgentInput, RepairAgent } from './agent.ts'
import { inAttempts } from './attempts.ts'
import { aborted, type ProgramAgentOptions } from './command.ts'
import { oneLine } from './fence.ts'
import { loadPackage } from './packages.ts'
import { Output, type Program, startProgram } from './program.ts'
import { taskText } from './task.ts'
import { boundedProgress, Voice } from './voice.ts'
import { WorkFolder } from './work-folder.ts'

type Acp = typeof import('@agentclientprotocol/sdk')

export function makeAcpAgent(spec: ProgramSpec, options: ProgramAgentOptions = {}): RepairAgent {
  return {
    name: 'acp',
    propose: (input) =>
      inAttempts(input, 'acp', spec, async ({ feedback, signal }) => {
        const acp = await loadPackage('acp', '@agentclientprotocol/sdk', () => import('@agentclientprotocol/sdk'))
        const folder = await WorkFolder.make(input)
        const { attempts, minutes } = spec
        const task = taskText({ evidence: input.evidence, folder, attempts, minutes, feedback })
        await folder.writeTask(task)
        signal.throwIfAborted()
        const { hidden = [], ...rest } = options
        await using program = await startProgram({
          ...rest,
          hidden,
          spec,
          folder,
          ownFolder: input.folder,
          progress: (text) => input.progress(text),
        })
        const why = await new Conversation(acp, { input, folder, program, signal }).run(task)
        return { folder, why: `${spec.run[0]}: ${why}` }
      }),
  }
}

/** What a tool may be in the protocol's words, to be allowed within the folder. */
const harmlessKinds: ReadonlySet<string> = new Set('edit read search'.split(' '))

interface Parts {
  readonly input: AgentInput
  readonly folder: WorkFolder
  readonly program: Program
  readonly signal: AbortSignal
}

class Conversation {
  readonly #acp: Acp
  readonly #parts: Parts
  readonly #progress: (text: string) => void
  readonly #voice: Voice
  readonly #complaints: Output
  #said = ''

  constructor(acp: Acp, parts: Parts) {
    this.#acp = acp
    this.#parts = parts
    this.#progress = boundedProgress(parts.input)
    this.#voice = new Voice(this.#progress)
    this.#complaints = new Output(this.#progress)
  }

  /** @returns its last words. @throws LazaretError AGENT_FAILED; the signal's reason. */
  async run(task: string): Promise<string> {
    const { program, signal } = this.#parts
    const { child } = program
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => this.#complaints.add(chunk))
    const output = Readable.toWeb(child.stdout) as ReadableStream<Uint8Array>
    const stream = this.#acp.ndJsonStream(Writable.toWeb(child.stdin), output)
    try {
      const turn = this.#client().connectWith(stream, (context) => this.#turn(context, task))
      const ended = program.ended.then(({ code, signal: by }) => {
        throw failed(`ended with ${by ?? `code ${code}`} before its turn was over`)
      })
      const stopReason = await Promise.race([turn, ended, aborted(signal)])
      this.#voice.flush()
      if (stopReason === 'end_turn') return oneLine(this.#said) || 'it said nothing'
      throw failed(`stopped for the reason ${oneLine(String(stopReason))}`)
    } catch (thrown) {
      signal.throwIfAborted()
      if (thrown instanceof LazaretError) throw this.#withComplaint(thrown)
      throw this.#withComplaint(failed(`broke off: ${oneLine(toRecord(thrown).message)}`, thrown))
    }
  }

  #withComplaint(error: LazaretError): LazaretError {
    const { last } = this.#complaints
    return last === ''
      ? error
      : new LazaretError('AGENT_FAILED', `${error.message}; it said: ${last}`, { cause: error })
  }

  async #turn(context: ClientContext, task: string): Promise<string> {
    const { folder, signal } = this.#parts
    const { agent } = this.#acp.methods
    const { sessionId } = await inTime(async () => {
      await context.request(agent.initialize, {
        protocolVersion: this.#acp.PROTOCOL_VERSION,
        clientCapabilities: { fs: { readTextFile: true, writeTextFile: true }, terminal: false },
      })
      return context.request(agent.session.new, { cwd: folder.path, mcpServers: [] })
    })
    const cancel = () => {
      // The process is ended right after; an agent that is gone already needs no word.
      context.notify(agent.session.cancel, { sessionId }).catch(() => undefined)
    }
    signal.addEventListener('abort', cancel, { once: true })
    try {
      const { stopReason } = await context.request(agent.session.prompt, {
        sessionId,
        prompt: [{ type: 'text', text: task }],
      })
      return stopReason
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }

  #client() {
    const { folder } = this.#parts
    const { client } = this.#acp.methods
    return this.#acp
      .client({ name: 'lazaret' })
      .onRequest(client.fs.readTextFile, ({ params }) =>
        this.#served(`reads ${params.path}`, async () => {
          const text = await folder.read(params.path)
          const { line, limit } = params
          if (line == null && limit == null) return { content: text }
          const from = Math.max(1, line ?? 1) - 1
          return {
            content: text
              .split('\n')
              .slice(from, limit == null ? undefined : from + limit)
              .join('\n'),
          }
        }),
      )
      .onRequest(client.fs.writeTextFile, ({ params }) =>
        this.#served(`writes ${params.path}`, async () => {
          await folder.write(params.path, params.content)
          return {}
        }),
      )
      .onRequest(client.session.requestPermission, ({ params }) => this.#permit(params))
      .onNotification(client.session.update, ({ params }) => this.#heard(params.update))
  }

  /** A refusal is the agent's to hear, with our reason. */
  async #served<T>(what: string, serve: () => Promise<T>): Promise<T> {
    this.#progress(what)
    try {
      return await serve()
    } catch (thrown) {
      if (!(thrown instanceof LazaretError)) throw thrown
      this.#progress(`refused: ${thrown.message}`)
      const message = thrown.hint === undefined ? thrown.message : `${thrown.message} ${thrown.hint}`
      throw new this.#acp.RequestError(-32602, message)
    }
  }

  /** Once, for looking and for edits within the folder; never for programs, or for what does not say what it is. */
  #permit({ toolCall, options }: RequestPermissionRequest): RequestPermissionResponse {
    const mayBe = this.#isAllowed(toolCall)
    this.#progress(`${mayBe ? 'allowed' : 'not allowed'}: ${toolCall.title ?? toolCall.kind ?? 'a tool'}`)
    const kinds = mayBe ? ['allow_once'] : ['reject_once', 'reject_always']
    const option = kinds.map((kind) => options.find((it) => it.kind === kind)).find((it) => it !== undefined)
    if (option === undefined) return { outcome: { outcome: 'cancelled' } }
    return { outcome: { outcome: 'selected', optionId: option.optionId } }
  }

  #isAllowed({ kind, locations, content }: RequestPermissionRequest['toolCall']): boolean {
    if (kind == null || !harmlessKinds.has(kind)) return false
    const diffs = (content ?? []).flatMap((part) => (part.type === 'diff' ? [part.path] : []))
    const paths = [...(locations ?? []).map(({ path }) => path), ...diffs]
    return paths.length > 0 && paths.every((path) => this.#isInside(path))
  }

  #isInside(path: string): boolean {
    try {
      this.#parts.folder.fileOf(path)
      return true
    } catch {
      // It leads out of the folder; that is the answer.
      return false
    }
  }

  #heard(update: SessionUpdate): void {
    if (update.sessionUpdate === 'agent_message_chunk' && update.content.type === 'text') {
      this.#said = (this.#said + update.content.text).slice(-limits.agentVerdictChars)
      this.#voice.said(update.content.text)
    } else if (update.sessionUpdate === 'tool_call') this.#progress(update.title)
  }
}

function failed(what: string, cause?: unknown): LazaretError {
  return new LazaretError('AGENT_FAILED', `the ACP agent ${what}`, { cause })
}

/** A program that does not speak the protocol never answers. */
async function inTime<T>(work: () => Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const ms = limits.agentHandshakeMs
  const timer = setTimeout(() => late.reject(failed(`gave no first answer within ${ms} ms`)), ms)
  try {
    return await Promise.race([work(), late.promise])
  } finally {
    clearTimeout(timer)
  }
}
