/**
 * Who is logged in. A login gets a token, which is shown once and kept nowhere: only its hash is, so that neither a
 * snapshot nor an evidence folder lets anybody in. When there is no room, the session that was used longest ago ends;
 * of one user's sessions the same, so that nobody pushes all others out. It checks no password.
 */
import { hash, randomBytes } from 'node:crypto'
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { LRUCache } from 'lru-cache'

export interface SessionsConfig {
  /** How long a session lives, used or not. Milliseconds, 1000 to 31536000000 (a year), default 28800000 (8 hours). */
  ttlMs?: number
  /** Sessions at most. 1 to 1000000, default 10000. */
  max?: number
  /** Sessions of one user at most. 1 to 1000, default 10. */
  maxPerUser?: number
}
interface Session {
  user: string
  /** Epoch milliseconds: from here on it is over. */
  expiresAt: number
}
/** The session used longest ago first. */
type SessionsState = (Session & { token: string })[]

const userChars = 200
const tokenPattern = /^[A-Za-z0-9_-]{43}$/

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

function needUser(user: unknown): asserts user is string {
  if (isUser(user)) return
  const got = typeof user === 'string' ? `${user.length} characters` : typeof user
  throw refusal('INVALID_ARGUMENT', `user must be a text of 1 to ${userChars} characters. Got: ${got}`)
}

function isUser(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= userChars
}

function readConfig({ ttlMs = 28_800_000, max = 10_000, maxPerUser = 10 }: SessionsConfig): Required<SessionsConfig> {
  const need = (key: string, value: unknown, least: number, most: number) => {
    if (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most) return
    const accepted = `a whole number from ${least} to ${most}`
    throw refusal('CONFIG_INVALID', `config.${key}: accepted is ${accepted}. Got: ${JSON.stringify(value)}`)
  }
  need('ttlMs', ttlMs, 1000, 31_536_000_000)
  need('max', max, 1, 1_000_000)
  need('maxPerUser', maxPerUser, 1, 1000)
  return { ttlMs, max, maxPerUser }
}

function readState(state: SessionsState | undefined): SessionsState {
  if (state === undefined) return []
  const isSession = (each: Partial<SessionsState[number]> | null) =>
    /^[0-9a-f]{64}$/.test(String(each?.token)) && isUser(each?.user) && Number.isSafeInteger(each?.expiresAt)
  if (Array.isArray(state) && state.every(isSession)) return state
  throw refusal('STATE_INVALID', 'The restored state is no list of sessions.')
}

class Register {
  readonly #config: Required<SessionsConfig>
  readonly #open: LRUCache<string, Session>

  constructor(config: Required<SessionsConfig>, restored: SessionsState) {
    this.#config = config
    this.#open = new LRUCache({ max: config.max })
    for (const { token, user, expiresAt } of restored) this.#open.set(token, { user, expiresAt })
  }

  open(user: string, nowMs: number): { token: string; expiresAt: number } {
    this.#endOver(nowMs)
    const own = this.#list().filter((session) => session.user === user)
    for (const { token } of own.slice(0, Math.max(0, own.length - this.#config.maxPerUser + 1)))
      this.#open.delete(token)
    const given = randomBytes(32).toString('base64url')
    const expiresAt = nowMs + this.#config.ttlMs
    this.#open.set(hash('sha256', given), { user, expiresAt })
    return { token: given, expiresAt }
  }

  user(token: string, nowMs: number): string | undefined {
    const session = this.#open.get(hash('sha256', token))
    return session !== undefined && session.expiresAt > nowMs ? session.user : undefined
  }

  close(token: string, nowMs: number): boolean {
    const wasOpen = this.user(token, nowMs) !== undefined
    this.#open.delete(hash('sha256', token))
    return wasOpen
  }

  all(nowMs: number): SessionsState {
    this.#endOver(nowMs)
    return this.#list()
  }

  #endOver(nowMs: number): void {
    for (const { token, expiresAt } of this.#list()) if (expiresAt <= nowMs) this.#open.delete(token)
  }

  /** From the one used longest ago to the one used last; looking at it is no use. */
  #list(): SessionsState {
    return [...this.#open.rkeys()].flatMap((token) => {
      const session = this.#open.peek(token)
      return session === undefined ? [] : [{ token, ...session }]
    })
  }
}

function isToken(value: unknown): value is string {
  if (typeof value === 'string') return tokenPattern.test(value)
  throw refusal('INVALID_ARGUMENT', `A token is a text. Got: ${typeof value}`)
}

const kernel = defineKernel({
  start(ctx: KernelContext<SessionsState, SessionsConfig>) {
    const sessions = new Register(readConfig(ctx.config), readState(ctx.restored))
    return {
      api: {
        /** Logs a user in, who has been recognised before. The token is given here and never again. */
        open(user: string): { token: string; expiresAt: number } {
          needUser(user)
          return sessions.open(user, ctx.now())
        },
        /** Whose token it is; null for one that is unknown, closed or over. */
        user: (token: string): string | null => (isToken(token) ? (sessions.user(token, ctx.now()) ?? null) : null),
        /** False where there was no such session. */
        close: (token: string): boolean => isToken(token) && sessions.close(token, ctx.now()),
        count: (): number => sessions.all(ctx.now()).length,
      },
      snapshot: (): SessionsState => sessions.all(ctx.now()),
    }
  },
})
export default kernel
export type Sessions = KernelApi<typeof kernel>
