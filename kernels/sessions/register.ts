/**
 * The sessions that are open, by the hash of their token and by their user. Who ends when, and who gives way to whom, is
 * decided here; time is handed in.
 */
import { hash, randomBytes } from 'node:crypto'
import type { KernelContext } from 'lazaret/kernel'
import { LRUCache } from 'lru-cache'

export interface SessionsConfig {
  /** How long a session lasts. Milliseconds, 1000 to 31536000000 (a year); default 43200000, half a day. */
  ttlMs?: number
  /** Sessions at most, 1 to 1000000. Default 10000. */
  maxSessions?: number
  /** Sessions of one user at most, so that one who opens many closes their own. 1 to 1000; default 20. */
  maxPerUser?: number
}

interface Session {
  user: string
  /** Epoch milliseconds; the token is good up to then. */
  expiresAt: number
}
/** Least recently used first. */
export type SessionsState = [tokenHash: string, session: Session][]

export const limits = { userChars: 200, tokenChars: 200 }

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

export function isUser(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= limits.userChars
}

function readConfig(config: SessionsConfig): Required<SessionsConfig> {
  const { ttlMs = 43_200_000, maxSessions = 10_000, maxPerUser = 20 } = config
  const need = (key: string, value: unknown, least: number, most: number) => {
    if (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most) return
    const accepted = `a whole number from ${least} to ${most}`
    throw refusal('CONFIG_INVALID', `config.${key}: accepted is ${accepted}. Got: ${String(value)}`)
  }
  need('ttlMs', ttlMs, 1000, 31_536_000_000)
  need('maxSessions', maxSessions, 1, 1_000_000)
  need('maxPerUser', maxPerUser, 1, 1000)
  return { ttlMs, maxSessions, maxPerUser }
}

function readState(state: SessionsState | undefined): SessionsState {
  const isSession = (entry: SessionsState[number]) =>
    Array.isArray(entry) &&
    /^[0-9a-f]{64}$/.test(String(entry[0])) &&
    isUser(entry[1]?.user) &&
    Number.isSafeInteger(entry[1].expiresAt)
  if (state === undefined) return []
  if (Array.isArray(state) && state.every(isSession)) return state
  throw refusal('STATE_INVALID', 'The restored state is no list of sessions.')
}

export class Register {
  readonly #config: Required<SessionsConfig>
  readonly #now: () => number
  readonly #byHash: LRUCache<string, Session>
  /** Hashes, the session that was opened first first. */
  readonly #byUser = new Map<string, Set<string>>()

  constructor(ctx: KernelContext<SessionsState, SessionsConfig>) {
    this.#config = readConfig(ctx.config)
    this.#now = () => ctx.now()
    this.#byHash = new LRUCache({
      max: this.#config.maxSessions,
      ttl: this.#config.ttlMs,
      // The kernel's own clock, read each time: no timer of the cache outlives the kernel.
      ...{ perf: { now: this.#now }, ttlResolution: 0 },
      dispose: (session, key, reason) => {
        this.#forget(session.user, key)
        if (reason === 'evict') ctx.log.warn('a session gave way because the house is full', { user: session.user })
      },
    })
    const now = this.#now()
    for (const [key, { user, expiresAt }] of readState(ctx.restored)) {
      // The configuration may have become stricter since the state was saved; it wins.
      if (expiresAt > now) this.#add(key, { user, expiresAt: Math.min(expiresAt, now + this.#config.ttlMs) })
    }
  }

  open(user: string): { token: string; expiresAt: number } {
    const token = randomBytes(32).toString('base64url')
    const expiresAt = this.#now() + this.#config.ttlMs
    this.#add(hashOf(token), { user, expiresAt })
    return { token, expiresAt }
  }

  #add(key: string, session: Session): void {
    this.#byHash.purgeStale() // what has ended takes nobody's place
    const own = this.#byUser.get(session.user) ?? new Set<string>()
    for (const oldest of own) {
      if (own.size < this.#config.maxPerUser) break
      this.#byHash.delete(oldest)
    }
    this.#byHash.set(key, session, { ttl: session.expiresAt - this.#now() })
    this.#byUser.set(session.user, own.add(key))
  }

  #forget(user: string, key: string): void {
    const own = this.#byUser.get(user)
    own?.delete(key)
    if (own?.size === 0) this.#byUser.delete(user)
  }

  user(token: string): string | null {
    return this.#byHash.get(hashOf(token))?.user ?? null
  }

  close(token: string): boolean {
    const key = hashOf(token)
    return this.#byHash.has(key) && this.#byHash.delete(key) // one that has ended cannot be closed
  }

  closeAll(user: string): number {
    this.#byHash.purgeStale()
    const own = [...(this.#byUser.get(user) ?? [])]
    for (const key of own) this.#byHash.delete(key)
    return own.length
  }

  count(): number {
    this.#byHash.purgeStale()
    return this.#byHash.size
  }

  all(): SessionsState {
    this.#byHash.purgeStale()
    const found: SessionsState = []
    this.#byHash.rforEach((session, key) => found.push([key, session]))
    return found
  }
}

function hashOf(token: string): string {
  return hash('sha256', token)
}
