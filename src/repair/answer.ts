/**
 * An answer boiled down to what two of them can be compared by: a hash of the value as its caller receives it, or the
 * name and code of the error. One copy is made first, as the wire makes one: before it a Buffer is not yet a Uint8Array,
 * and V8 may write the same number in two ways. It does not say which of two answers is right.
 */
import { isDeepStrictEqual } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import type { ErrorRecord } from '../base/error-record.ts'
import { sha256 } from '../base/hash.ts'
import { limits } from '../base/limits.ts'
import type { RecordedOutcome } from '../base/remedy.ts'
import type { TrialAnswer } from './trial.ts'

/** Kept from before the candidate runs: it may put something else in its place. */
const copyOf = structuredClone

/** Of what a handler returned. A value that cannot be copied is the error that its caller would have got. */
export function answerWithValue(value: unknown): TrialAnswer {
  try {
    const bytes = serialize(copyOf(value))
    const small = bytes.byteLength <= limits.answerValueBytes ? { value: bytes.toString('base64') } : {}
    return { valueSha256: sha256(bytes), ...small }
  } catch {
    // As in service, where the caller hears this code and the kernel goes on.
    return answerWithError({ name: 'LazaretError', code: 'REPLY_UNCLONABLE' })
  }
}

/** Of an ordinary error: `TypeError ERR_INVALID_ARG_TYPE`, or the name alone. */
export function answerWithError({ name, code }: Pick<ErrorRecord, 'name' | 'code'>): TrialAnswer {
  return { error: code === undefined ? name : `${name} ${code}` }
}

/** Of what was recorded in service, so that it can be compared with a replay's. */
export function answerAsRecorded(outcome: RecordedOutcome): TrialAnswer {
  return 'error' in outcome ? answerWithError(outcome.error) : answerWithValue(deserialize(outcome.value))
}

/**
 * Whether a reply has all that another one had: the same values in the same places, and perhaps keys besides, as a reply
 * that has grown. False where one of them was too large to be carried.
 */
export function hasAllOf(reply: TrialAnswer | undefined, earlier: TrialAnswer | undefined): boolean {
  if (reply === undefined || earlier === undefined || 'error' in reply || 'error' in earlier) return false
  if (reply.value === undefined || earlier.value === undefined) return false
  const [now, then] = [reply, earlier].map(({ value = '' }) => deserialize(Buffer.from(value, 'base64')) as unknown)
  return holds(now, then)
}

function holds(now: unknown, then: unknown): boolean {
  if (isDeepStrictEqual(now, then)) return true
  if (Array.isArray(then)) {
    return Array.isArray(now) && now.length === then.length && then.every((item, index) => holds(now[index], item))
  }
  if (!isPlain(now) || !isPlain(then)) return false
  return Object.entries(then).every(([key, value]) => Object.hasOwn(now, key) && holds(now[key], value))
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
