/** The rule of a flag as it is written, and how it decides for somebody. */
import { hash } from 'node:crypto'

export interface FlagRule {
  /** Of a hundred, how many have it on: 0 to 100, fractions too. Default 0. The same ones each time. */
  percent?: number
  /** On for these, whatever the percentage. */
  on?: string[]
  /** Off for these, whatever else is said. */
  off?: string[]
}

export const namePattern = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/
const keys = ['percent', 'on', 'off']
const limits = { nameChars: 100, whoChars: 200, list: 1000 }

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

export function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= limits.nameChars && namePattern.test(value)
}

export function isWho(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= limits.whoChars
}

/** @param where how the rule is called in an error, for example `config.flags.new-search`. */
export function readRule(rule: unknown, where: string, code: string): Required<FlagRule> {
  const refuse = (key: string, accepted: string, got: unknown): never => {
    throw refusal(code, `${where}${key}: accepted is ${accepted}. Got: ${JSON.stringify(got) ?? String(got)}`)
  }
  if (typeof rule !== 'object' || rule === null) return refuse('', 'an object', rule)
  for (const key of Object.keys(rule)) if (!keys.includes(key)) refuse(`.${key}`, `one of ${keys.join(', ')}`, key)
  const { percent = 0, on = [], off = [] } = rule as FlagRule
  if (!Number.isFinite(percent) || percent < 0 || percent > 100) refuse('.percent', 'a number from 0 to 100', percent)
  for (const [key, list] of Object.entries({ on, off })) {
    if (!Array.isArray(list) || list.length > limits.list || !list.every(isWho)) {
      refuse(`.${key}`, `a list of ${limits.list} texts at most`, Array.isArray(list) ? `${list.length} members` : list)
    }
  }
  return { percent, on, off }
}

/** 0 to 100, below 100: the place of somebody in the row of all, another one for each flag, for ever the same. */
export function placeOf(flag: string, who: string): number {
  return (Number.parseInt(hash('sha256', `${flag}\n${who}`).slice(0, 8), 16) / 2 ** 32) * 100
}

/** Whoever has it at some percentage has it at any higher one, too. */
export function isOn(rule: Required<FlagRule>, flag: string, who: string): boolean {
  if (rule.off.includes(who)) return false
  return rule.on.includes(who) || placeOf(flag, who) < rule.percent
}
