/** Takes messages in, and hands them over: which one is next, what an answer of the webhooks means for it. */
import { randomUUID } from 'node:crypto'
import type { KernelContext } from 'lazaret/kernel'
import { type Kept, OutboxFiles, refusal } from './files.ts'

export interface OutboxConfig {
  /** Messages kept at most. Default 10000. */
  maxMessages?: number
  /** How long the webhooks may take for one message. Milliseconds, default 10000. */
  askMs?: number
  /** After this, a flush begins no further message. Milliseconds, default 20000. */
  flushMs?: number
}
export interface OutboxState {
  kept: number
  delivered: number
  refused: number
  damaged: number
}
export type Message = { to: string; subject: string; body: string; id?: string }
export type Flushed = { delivered: number; failed: number; setAside: number; left: number; why?: string }
type Webhooks = { send(message: Message): Promise<{ status: string }> }

/** A message that is never delivered: so the webhooks say, or so the runtime, where it has crashed them twice. */
const hopeless: readonly unknown[] = [
  ...['INVALID_ARGUMENT', 'INVALID_URL', 'HOST_NOT_ALLOWED', 'DELIVERY_REFUSED', 'MESSAGE_POISONED'],
]
/** The webhooks went down or fell silent over it: the others are tried before it the next time. */
const ofTheMessage: readonly unknown[] = ['KERNEL_DOWN', 'ASK_TIMEOUT']

function needWhole(value: unknown, name: string): asserts value is number {
  if (Number.isSafeInteger(value) && Number(value) > 0) return
  throw refusal('CONFIG_INVALID', `config.${name}: accepted is a whole number above 0. Got: ${String(value)}`)
}

function readState(state: OutboxState | undefined): OutboxState {
  const { kept, delivered, refused, damaged } = state ?? { kept: 0, delivered: 0, refused: 0, damaged: 0 }
  if ([kept, delivered, refused, damaged].every(Number.isSafeInteger)) return { kept, delivered, refused, damaged }
  throw refusal('STATE_INVALID', 'The restored state holds no counts of an outbox.')
}

function readMessage(message: unknown): Message {
  const { to, subject, body, id } = Object(message) as Partial<Message>
  const need = (value: unknown, name: string, max: number, min = 1): string => {
    if (typeof value === 'string' && value.length >= min && value.length <= max) return value
    const got = typeof value === 'string' ? `${value.length} characters` : typeof value
    throw refusal('INVALID_ARGUMENT', `${name} must be a text of ${min} to ${max} characters. Got: ${got}`)
  }
  const read = {
    to: need(to, 'to', 2048),
    subject: need(subject, 'subject', 500),
    body: need(body, 'body', 262_144, 0),
  }
  if (!/^https?:$/.test(URL.parse(read.to)?.protocol ?? '')) {
    throw refusal('INVALID_URL', 'to: accepted is an http or https URL; nothing else could ever be delivered.')
  }
  if (id === undefined) return read
  // It becomes a part of a file's name.
  if (typeof id === 'string' && /^\w[\w.-]{0,99}$/.test(id)) return { ...read, id }
  throw refusal(
    'INVALID_ARGUMENT',
    'id must be 1 to 100 letters, digits, dots, _ and -, and begin with neither a dot nor a -.',
  )
}

export class Outbox {
  readonly #ctx: KernelContext<OutboxState, OutboxConfig>
  readonly #files: OutboxFiles
  readonly #config: Required<OutboxConfig>
  readonly #counts: OutboxState
  /** How often the webhooks have failed on a file: those are tried last, so that one does not hold up the others. */
  readonly #failures = new Map<string, number>()
  #flushing = false

  constructor(ctx: KernelContext<OutboxState, OutboxConfig>) {
    const { maxMessages = 10_000, askMs = 10_000, flushMs = 20_000 } = ctx.config
    for (const [name, value] of Object.entries({ maxMessages, askMs, flushMs })) needWhole(value, name)
    this.#ctx = ctx
    this.#config = { maxMessages, askMs, flushMs }
    this.#counts = readState(ctx.restored)
    this.#files = new OutboxFiles(ctx.dataDir)
  }

  /** A message whose id is kept already is not kept twice: the webhooks' route may bring back what a flush hands over. */
  send(message: unknown): string {
    const { id = randomUUID(), ...rest } = readMessage(message)
    if (this.#files.has(id)) return id
    const { maxMessages } = this.#config
    if (this.pending() >= maxMessages) {
      throw refusal('OUTBOX_FULL', `The outbox holds ${maxMessages} messages, which is its limit.`)
    }
    this.#files.write({ id, at: this.#ctx.now(), ...rest })
    this.#counts.kept += 1
    return id
  }

  pending(): number {
    return this.#files.list().length
  }

  stats(): OutboxState & { pending: number; aside: number } {
    return { ...this.#counts, pending: this.pending(), aside: this.#files.aside() }
  }

  state(): OutboxState {
    return { ...this.#counts }
  }

  async flush(limit: number): Promise<Flushed> {
    const done: Flushed = { delivered: 0, failed: 0, setAside: 0, left: 0 }
    if (this.#flushing) return { ...done, left: this.pending(), why: 'another flush is at work' }
    this.#flushing = true
    try {
      const startedAt = performance.now()
      const files = this.#files.list()
      for (const known of this.#failures.keys()) if (!files.includes(known)) this.#failures.delete(known)
      files.sort((a, b) => this.#failed(a) - this.#failed(b) || (a < b ? -1 : 1))
      for (const file of files.slice(0, limit)) {
        if (this.#ctx.signal.aborted || performance.now() - startedAt > this.#config.flushMs) break
        const why = await this.#handOver(file, done)
        if (why !== undefined) {
          done.why = why
          break
        }
      }
    } finally {
      this.#flushing = false
    }
    return { ...done, left: this.pending() }
  }

  #failed(file: string): number {
    return this.#failures.get(file) ?? 0
  }

  /** Returns why the flush ends here, or undefined where the next message may be tried. */
  async #handOver(file: string, done: Flushed): Promise<string | undefined> {
    const message = this.#files.read(file)
    if (message === undefined) {
      this.#setAside(file, 'damaged', done)
      return undefined
    }
    try {
      const { status } = await this.#webhooks().ask.send(sendable(message))
      // Not they but whoever stands in for them: this very outbox. Nothing has been delivered.
      if (status !== 'delivered') return 'the webhooks are out of service'
    } catch (error) {
      const { code, cause } = error as { code?: string; cause?: { code?: string } }
      const ordinary = code === 'HANDLER_FAILED'
      if (hopeless.includes(ordinary ? cause?.code : code)) {
        this.#setAside(file, 'refused', done, error)
        return undefined
      }
      if (ordinary || ofTheMessage.includes(code)) this.#failures.set(file, this.#failed(file) + 1)
      if (!ordinary) return `the webhooks did not answer: ${String(error)}`
      done.failed += 1
      return undefined
    }
    this.#files.remove(file)
    this.#counts.delivered += 1
    done.delivered += 1
    return undefined
  }

  #webhooks() {
    return this.#ctx.ref<Webhooks>('webhooks').with({ deadlineMs: this.#config.askMs, idempotent: true })
  }

  #setAside(file: string, why: 'damaged' | 'refused', done: Flushed, error?: unknown): void {
    this.#files.setAside(file, why)
    this.#counts[why] += 1
    done.setAside += 1
    this.#ctx.log.warn(`a ${why} message was set aside`, {
      file,
      ...(error === undefined ? {} : { error: String(error) }),
    })
  }
}

function sendable({ id, to, subject, body }: Kept): Message {
  return { id, to, subject, body }
}
