/**
 * The kernels behind the front, as it sees them, and what their failure is over HTTP. A kernel that is out of service is
 * 503 with the advice to come again; an ordinary refusal of a kernel is the caller's fault, and says why.
 */
import type { KernelContext, Ref } from 'lazaret/kernel'

export interface Behind {
  rate_limits: { take(who: string): Promise<{ allowed: boolean; remaining: number; retryInMs: number }> }
  policy: { allowed(who: string, action: string, what: string): Promise<boolean> }
  sessions: {
    open(user: string): Promise<{ token: string; expiresAt: number }>
    user(token: string): Promise<string | null>
  }
  records: {
    get(kind: string, id: string): Promise<{ value: unknown; version: number; at: number } | null>
    put(kind: string, id: string, value: unknown, expectedVersion?: number): Promise<{ version: number }>
  }
  feature_flags: { isOn(flag: string, who: string): Promise<boolean> }
  search: { recall(query: string, limit: number): Promise<{ id: string; text: string; score: number }[]> }
  host_health: { isHealthy(): Promise<boolean> }
  healing_stats: { summary(): Promise<{ incidents: number; open: number; meanMs: number | null }> }
}

/** An ask, with the front's deadline. What only reads may be delivered twice. */
export type Reach = <K extends keyof Behind>(id: K, more?: { idempotent: boolean }) => Behind[K]

export function reachOf(ctx: KernelContext<unknown, object>, askMs: number): Reach {
  return <K extends keyof Behind>(id: K, { idempotent } = { idempotent: true }) => {
    const ref: Ref<Behind[K]> = ctx.ref<Behind[K]>(id)
    return ref.with({ deadlineMs: askMs, idempotent }).ask
  }
}

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, cause === undefined ? {} : { cause }), { code })
}

/** An answer that is not 200, on its way out of a handler. */
export class HttpError extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Record<string, string>

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

const away: readonly unknown[] = [
  ...['KERNEL_UNAVAILABLE', 'KERNEL_DOWN', 'ASK_TIMEOUT', 'MAILBOX_FULL', 'STALE_EPOCH', 'UNKNOWN_KERNEL'],
  // A stand-in has fewer methods, and a kernel that waits for itself will not for long.
  ...['RUNTIME_STOPPED', 'UNKNOWN_METHOD', 'ASK_CYCLE'],
]
/** The runtime would not pass it on: the caller's doing. */
const unfit: readonly unknown[] = ['MESSAGE_UNCLONABLE', 'MESSAGE_POISONED']
const retryAfter = { 'retry-after': '5' }

/** What any failure is over HTTP. Of one that nobody foresaw the caller is told nothing: it goes to the log. */
export function httpErrorOf(error: unknown): HttpError | undefined {
  if (error instanceof HttpError) return error
  const { code, kernel = 'a kernel', cause } = Object(error) as { code?: unknown; kernel?: string; cause?: unknown }
  if (away.includes(code)) {
    return new HttpError(503, 'UNAVAILABLE', `${kernel} does not answer at the moment: ${String(code)}.`, retryAfter)
  }
  if (unfit.includes(code)) return new HttpError(422, String(code), `${kernel} cannot be given this.`)
  const refused: unknown = Object(cause).code
  if (code !== 'HANDLER_FAILED' || typeof refused !== 'string') return undefined
  return new HttpError(statusOf(refused), refused, (cause as Error).message)
}

function statusOf(code: string): number {
  if (code === 'NOT_FOUND') return 404
  if (/CONFLICT/.test(code)) return 409
  if (/(?:_FULL|^TOO_MANY_.*)$/.test(code)) return 507
  return 422
}
