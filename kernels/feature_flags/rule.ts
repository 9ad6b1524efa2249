/** What a flag's rule says about somebody. The same name always gets the same answer, and nothing is stored for it. */

import { hash } from 'node:crypto'
import { inspect } from 'node:util'

export interface Rule {
  /** Of all names, 0 to 100. */
  percent: number
  /** On for these, whatever the percentage is. */
  always?: string[]
  /** Off for these, also where they are in `always`. */
  never?: string[]
}
export interface FlagsConfig {
  /** The rules that hold from the start, by flag; default none. A flag without a rule is off. */
  flags?: Record<string, Rule>
}

export const limits = { flagChars: 100, whoChars: 200, names: 1000 }

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** For an error's text. JSON and String() both throw a TypeError for what a caller can send: 10n, { toString: 1 }. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 0 }).slice(0, 200)
}

export function needText(value: unknown, name: string, max: number): asserts value is string {
  if (typeof value === 'string' && value !== '' && value.length <= max) return
  const got = typeof value === 'string' ? `${value.length} characters` : typeof value
  throw refusal('INVALID_ARGUMENT', `${name} must be a text of 1 to ${max} characters. Got: ${got}`)
}

const isWho = (name: unknown) => typeof name === 'string' && name.length <= limits.whoChars

/** @throws with this code, where it is no rule. */
export function readRule(code: string, name: string, value: unknown): Rule {
  if (typeof value !== 'object' || value === null) {
    throw refusal(code, `${name}: accepted is an object with percent, always, never. Got: ${shown(value)}`)
  }
  const { percent, always, never, ...others } = value as Rule
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) {
    throw refusal(code, `${name}: accepted are percent, always and never. Got: ${JSON.stringify(unknown)}`)
  }
  if (!Number.isFinite(percent) || percent < 0 || percent > 100) {
    throw refusal(code, `${name}.percent: accepted is a number from 0 to 100. Got: ${shown(percent)}`)
  }
  for (const [key, names] of Object.entries({ always, never })) {
    const isSound = names === undefined || (Array.isArray(names) && names.every(isWho))
    if (!isSound || (names?.length ?? 0) > limits.names) {
      throw refusal(
        code,
        `${name}.${key}: accepted is a list of ${limits.names} names at most, of ${limits.whoChars} characters each.`,
      )
    }
  }
  return { percent, ...(always && { always }), ...(never && { never }) }
}

/** @throws with this code, where one of them is no rule. */
export function readRules(code: string, name: string, value: unknown): Map<string, Rule> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refusal(code, `${name}: accepted is an object of rules by flag. Got: ${shown(value)}`)
  }
  const entries = Object.entries(value).map(([flag, rule]): [string, Rule] => {
    if (flag === '' || flag.length > limits.flagChars) {
      throw refusal(code, `${name}: a flag has 1 to ${limits.flagChars} characters. Got: ${flag.length}`)
    }
    return [flag, readRule(code, `${name}.${flag}`, rule)]
  })
  return new Map(entries)
}

export function isOn(rule: Rule | undefined, flag: string, who: string): boolean {
  if (rule === undefined || rule.never?.includes(who)) return false
  return rule.always?.includes(who) === true || placeOf(flag, who) < rule.percent
}

/**
 * Where among the hundred percent this name stands: 0 up to, not including, 100. The flag is in it, so that it is not
 * the same people who try out everything; a percentage that rises takes nobody out who was in.
 */
function placeOf(flag: string, who: string): number {
  return (Number.parseInt(hash('sha256', JSON.stringify([flag, who])).slice(0, 8), 16) / 2 ** 32) * 100
}
