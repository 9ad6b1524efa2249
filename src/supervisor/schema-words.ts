/** What the schemas of a fleet's parts have in common. The message of each rule reads after "must be". */
import { z } from 'zod'
import { limits } from '../base/limits.ts'

export function whole(min: number, max: number, unit = '', reason = '') {
  const accepted = `a whole number from ${min} to ${max}${unit === '' ? '' : ` (${unit})`}${reason}`
  return z.int(accepted).min(min, accepted).max(max, accepted)
}

export const delayMs = (min: number) => whole(min, limits.timerMs, 'milliseconds')

export function oneOf<const T extends readonly [string, ...string[]]>(words: T) {
  return z.enum(words, `one of ${words.join(', ')}`)
}

export function section<S extends z.core.$ZodLooseShape>(shape: S) {
  return z.strictObject(shape, `a section with any of the keys ${Object.keys(shape).join(', ')}`)
}

/** A list whose members differ; a double is refused where it stands. */
export function listOf(member: z.ZodType<string, string>, accepted: string) {
  return z.array(member, accepted).superRefine((members, ctx) => {
    const seen = new Set<string>()
    for (const [index, name] of members.entries()) {
      if (seen.has(name)) ctx.addIssue({ code: 'custom', path: [index], message: 'named once' })
      seen.add(name)
    }
  })
}

const envNameRule = 'the name of an environment variable: letters, digits and _, no digit first'
export const envName = z.string(envNameRule).regex(/^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]*$/, envNameRule)
