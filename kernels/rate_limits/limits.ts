/** What the limiter and its fallback have in common: the configuration, the answer, and what a caller may hand in. */
import { inspect } from 'node:util'

export interface LimitsConfig {
  /** Points that each caller has in a window. Default 100. */
  points?: number
  /** A window begins with a caller's first point. Milliseconds, 100 to a day; default 60000. */
  windowMs?: number
  /** Callers whose points are counted at the same time; one more is not allowed anything. Default 100000. */
  maxCallers?: number
  /** Points that each caller has in a window while the limiter itself is out of service. Default 5. */
  fallbackPoints?: number
}
export interface Taken {
  allowed: boolean
  /** Points left in the window, after this one. */
  remaining: number
  /** Until as many points as were asked for may be there. Milliseconds; 0 where it was allowed. */
  retryInMs: number
}
export interface LimitsStats {
  allowed: number
  refused: number
  /** Callers that have a window at the moment. */
  callers: number
}

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** For an error's text. JSON and String() both throw a TypeError for what a caller can send: 10n, { toString: 1 }. */
function shown(value: unknown): string {
  return inspect(value, { depth: 0 }).slice(0, 200)
}

function needWhole(code: string, value: unknown, name: string, min: number, max: number): void {
  if (Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max) return
  throw refusal(code, `${name}: accepted is a whole number from ${min} to ${max}. Got: ${shown(value)}`)
}

export function readConfig(config: LimitsConfig): Required<LimitsConfig> {
  const { points = 100, windowMs = 60_000, maxCallers = 100_000, fallbackPoints = 5 } = config
  needWhole('CONFIG_INVALID', points, 'config.points', 1, 1_000_000)
  needWhole('CONFIG_INVALID', windowMs, 'config.windowMs', 100, 86_400_000)
  needWhole('CONFIG_INVALID', maxCallers, 'config.maxCallers', 1, 1_000_000)
  needWhole('CONFIG_INVALID', fallbackPoints, 'config.fallbackPoints', 0, points)
  return { points, windowMs, maxCallers, fallbackPoints }
}

export function needWho(who: unknown): asserts who is string {
  if (typeof who === 'string' && who !== '' && who.length <= 200) return
  const got = typeof who === 'string' ? `${who.length} characters` : typeof who
  throw refusal('INVALID_ARGUMENT', `who must be a text of 1 to 200 characters. Got: ${got}`)
}

/** A cost above all the points there are could never be met: that is a mistake, and not a matter of waiting. */
export function needCost(cost: unknown, points: number): void {
  needWhole('INVALID_ARGUMENT', cost, 'cost', 1, points)
}
