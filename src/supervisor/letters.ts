/** Messages that end without being handled, as records; and what the sender of one is told. Pure. */
import { serialize } from 'node:v8'
import type { Envelope } from '../actor/mailbox.ts'
import { type ErrorRecord, toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'

export function letterOf(
  kernel: string,
  from: string,
  { method, kind, args }: Pick<Envelope, 'method' | 'kind' | 'args'>,
) {
  return { kernel, from, method, kind, args }
}

export function cycleError(from: string, cycle: readonly string[]): ErrorRecord {
  const text = `The ask would wait on itself: ${cycle.join(' -> ')}.`
  const hint = 'Tell instead of asking somewhere in the circle, or give one of these kernels a concurrency above 1.'
  return toRecord(new LazaretError('ASK_CYCLE', text, { kernel: from, details: { cycle }, hint }))
}

/** As v8.serialize gives them. */
export function serializeOrNothing(args: readonly unknown[]): Uint8Array | undefined {
  try {
    return serialize(args)
  } catch {
    // Nested too deeply, or a host object: the letter is kept without its arguments.
    return undefined
  }
}
