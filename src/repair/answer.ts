/**
 * An answer boiled down to what two of them can be compared by: a hash of the value as its caller receives it, or the
 * name and code of the error. One copy is made first, as the wire makes one: before it a Buffer is not yet a Uint8Array,
 * and V8 may write the same number in two ways. It does not say which of two answers is right.
 */
import { deserialize, serialize } from 'node:v8'
import type { ErrorRecord } from '../base/error-record.ts'
import { sha256 } from '../base/hash.ts'
import type { RecordedOutcome } from '../base/remedy.ts'
import type { TrialAnswer } from './trial.ts'

/** Kept from before the candidate runs: it may put something else in its place. */
const copyOf = structuredClone

/** Of what a handler returned. A value that cannot be copied is the error that its caller would have got. */
export function answerWithValue(value: unknown): TrialAnswer {
  try {
    return { valueSha256: sha256(serialize(copyOf(value))) }
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
