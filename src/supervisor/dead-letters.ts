/**
 * A dead letter as people read it, and whether it can be sent again at all: only what was kept whole can. Pure; sending
 * is in replay.ts.
 */
import { deserialize } from 'node:v8'
import { limits } from '../base/limits.ts'
import { escapeUnsafe, redact, redactText } from '../base/redact.ts'
import type { DeadLetterRow } from '../journal/rows.ts'

/** A dead letter without its bytes. */
export interface ShownDeadLetter extends Omit<DeadLetterRow, 'args'> {
  /** Its arguments as JSON, secrets struck out; absent where they cannot be read. Of limits.deadLetterShownChars at most. */
  readonly shownArgs?: string
  /** Why it cannot be sent again; absent where it can. */
  readonly notReplayable?: string
}

export type ReadArgs = { readonly args: unknown[] } | { readonly problem: string }

export function readArgs({ args, argsBytes = 0 }: Pick<DeadLetterRow, 'args' | 'argsBytes'>): ReadArgs {
  if (args === undefined) return { problem: 'its arguments could not be kept' }
  if (argsBytes > args.byteLength) {
    return { problem: `its arguments were cut at ${args.byteLength} of ${argsBytes} bytes` }
  }
  try {
    const list: unknown = deserialize(args)
    return Array.isArray(list) ? { args: list } : { problem: 'its arguments are no list' }
  } catch {
    // Damaged on the disk, or written by a version of V8 that this one does not know.
    return { problem: 'its arguments cannot be read back' }
  }
}

export function showDeadLetter(row: DeadLetterRow): ShownDeadLetter {
  const { args: _bytes, ...rest } = row
  // It may hold the message of an error that was thrown.
  const facts = { ...rest, reason: redactText(row.reason) }
  const read = readArgs(row)
  if ('problem' in read) return { ...facts, notReplayable: read.problem }
  return { ...facts, shownArgs: argsText(read.args) }
}

function argsText(args: readonly unknown[]): string {
  // One by one: a list of two texts is read as a key and its value.
  const text = escapeUnsafe(`[${args.map((value) => JSON.stringify(redact(value)) ?? 'undefined').join(', ')}]`)
  if (text.length <= limits.deadLetterShownChars) return text
  return `${text.slice(0, limits.deadLetterShownChars).toWellFormed()}... [${text.length - limits.deadLetterShownChars} more characters]`
}
