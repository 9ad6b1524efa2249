/** Sends one message after the other, signed, with as many attempts as are configured, and counts what came of them. */
import { randomUUID } from 'node:crypto'
import { ExponentialBackoff, handleType, type RetryPolicy, retry } from 'cockatiel'
import type { KernelContext } from 'lazaret/kernel'
import { type Post, post, Retryable, readMessage, readTarget, refusal, signatureOf } from './delivery.ts'

export interface WebhooksConfig {
  /** Hosts that are spoken to, with their port where it is not 80 or 443 (`localhost:8080`). Default: none. */
  allow?: string[]
  /** Name of the secret in the vault. Without it nothing is signed. */
  secret?: string
  /** 1 to 10, default 3. */
  attempts?: number
  /** Of one attempt. Milliseconds, default 2000. */
  timeoutMs?: number
  /** Before the second attempt; doubled before each further one, with a random part. Milliseconds, default 200. */
  backoffMs?: number
}
export type Counters = { delivered: number; failed: number; refused: number; attempts: number }
/** The host alone: the rest of a webhook's URL is often a secret of its own. */
export type Delivery = { id: string; host: string; at: number; status: 'delivered' | 'failed'; attempts: number }
export interface WebhooksState {
  counters: Counters
  last: Delivery[]
}
export type Sent = { id: string; status: 'delivered'; attempts: number }
type Vault = { get(name: string): Promise<string> }

const lastKept = 50
const secretMs = 1000

function readConfig(config: WebhooksConfig): Required<Omit<WebhooksConfig, 'secret'>> & { secret: string | undefined } {
  const { allow = [], secret, attempts = 3, timeoutMs = 2000, backoffMs = 200 } = config
  const bad = (key: string, accepted: string, got: unknown) =>
    refusal('CONFIG_INVALID', `config.${key}: accepted is ${accepted}. Got: ${JSON.stringify(got)}`)
  const isHost = (host: unknown) =>
    typeof host === 'string' && host !== '' && URL.parse(`http://${host}`)?.host === host
  if (!Array.isArray(allow) || !allow.every(isHost)) {
    throw bad('allow', 'a list of hosts in lower case such as hooks.example.org or localhost:8080', allow)
  }
  if (secret !== undefined && (typeof secret !== 'string' || secret === '')) throw bad('secret', 'a name', secret)
  const whole = (value: unknown, key: string, min: number, max: number) => {
    if (Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max) return
    throw bad(key, `a whole number from ${min} to ${max}`, value)
  }
  whole(attempts, 'attempts', 1, 10)
  whole(timeoutMs, 'timeoutMs', 1, 60_000)
  whole(backoffMs, 'backoffMs', 1, 60_000)
  return { allow, secret, attempts, timeoutMs, backoffMs }
}

function readState(state: WebhooksState | undefined): WebhooksState {
  if (state === undefined) return { counters: { delivered: 0, failed: 0, refused: 0, attempts: 0 }, last: [] }
  const { delivered, failed, refused, attempts } = state.counters ?? {}
  if (![delivered, failed, refused, attempts].every(Number.isSafeInteger) || !Array.isArray(state.last)) {
    throw refusal('STATE_INVALID', 'The restored state is no state of the webhooks.')
  }
  return { counters: { delivered, failed, refused, attempts }, last: state.last }
}

export class Courier {
  readonly #ctx: KernelContext<WebhooksState, WebhooksConfig>
  readonly #config: ReturnType<typeof readConfig>
  readonly #retry: RetryPolicy | undefined
  readonly #counters: Counters
  #last: Delivery[]

  constructor(ctx: KernelContext<WebhooksState, WebhooksConfig>) {
    this.#ctx = ctx
    this.#config = readConfig(ctx.config)
    const { attempts, backoffMs } = this.#config
    const { counters, last } = readState(ctx.restored)
    this.#counters = counters
    this.#last = last
    const backoff = new ExponentialBackoff({ initialDelay: backoffMs, maxDelay: 8 * backoffMs })
    // It counts the attempts after the first one, and takes 0 for its own default.
    if (attempts > 1) this.#retry = retry(handleType(Retryable), { maxAttempts: attempts - 1, backoff })
  }

  /** @throws an error whose code says whether it is of use to try again: DELIVERY_FAILED, SIGNING_FAILED. */
  async send(message: unknown): Promise<Sent> {
    const { url, id, request } = await this.#prepare(message)
    const { timeoutMs } = this.#config
    const { signal } = this.#ctx
    let attempts = 0
    const attempt = () => {
      attempts += 1
      this.#counters.attempts += 1
      return post(request, timeoutMs, signal)
    }
    try {
      await (this.#retry === undefined ? attempt() : this.#retry.execute(attempt, signal))
    } catch (error) {
      this.#note({ id, host: url.host, at: this.#ctx.now(), status: 'failed', attempts })
      if (!(error instanceof Retryable)) throw error
      const text = `${url.host} could not be reached in ${attempts} attempts; the last one: ${error.message}`
      throw refusal('DELIVERY_FAILED', text, error.cause)
    }
    this.#note({ id, host: url.host, at: this.#ctx.now(), status: 'delivered', attempts })
    return { id, status: 'delivered', attempts }
  }

  target(to: unknown): URL {
    if (typeof to !== 'string') throw refusal('INVALID_ARGUMENT', `to must be a text. Got: ${typeof to}`)
    return readTarget(to, this.#config.allow)
  }

  stats(): Counters & { last: Delivery[] } {
    return { ...this.#counters, last: [...this.#last] }
  }

  state(): WebhooksState {
    return { counters: { ...this.#counters }, last: [...this.#last] }
  }

  async #prepare(message: unknown): Promise<{ url: URL; id: string; request: Post }> {
    try {
      const { to, subject, body, id = randomUUID() } = readMessage(message)
      const url = this.target(to)
      const timestamp = String(this.#ctx.now())
      const payload = JSON.stringify({ id, subject, body })
      const headers = { 'content-type': 'application/json', 'x-lazaret-id': id, 'x-lazaret-timestamp': timestamp }
      const signed = await this.#signed(timestamp, payload)
      return { url, id, request: { url, payload, headers: { ...headers, ...signed } } }
    } catch (error) {
      this.#counters.refused += 1
      throw error
    }
  }

  /** The secret is asked for each time: one that was changed holds at once, and none lies about in a snapshot here. */
  async #signed(timestamp: string, payload: string): Promise<Record<string, string>> {
    const { secret: name } = this.#config
    if (name === undefined) return {}
    let secret: unknown
    try {
      secret = await this.#ctx.ref<Vault>('vault').with({ deadlineMs: secretMs, idempotent: true }).ask.get(name)
    } catch (error) {
      throw refusal('SIGNING_FAILED', `The vault did not hand out the secret ${name}, so nothing was sent.`, error)
    }
    if (typeof secret === 'string' && secret !== '') {
      return { 'x-lazaret-signature': signatureOf(secret, timestamp, payload) }
    }
    throw refusal('SIGNING_FAILED', `The vault has no secret ${name}, so nothing was sent.`)
  }

  #note(delivery: Delivery): void {
    this.#counters[delivery.status] += 1
    this.#last = [...this.#last, delivery].slice(-lastKept)
  }
}
