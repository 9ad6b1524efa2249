/**
 * What a rule is, and the rule that decides a question. Denying wins over allowing, whatever the order in which rules
 * were granted, and what no rule speaks about is denied: a rule that is lost can shut a door, and open none that
 * another rule keeps shut.
 */
import { inspect } from 'node:util'
export interface Rule {
  /** By this it is revoked, and by this an explanation names it. */
  id: string
  /** Default allow. */
  effect?: 'allow' | 'deny'
  /** Each list: exact texts, texts that end in `*` for all that begin so, or `*` for all. */
  who: string[]
  action: string[]
  what: string[]
}

export interface PolicyConfig {
  /** Rules that always hold; they cannot be revoked. */
  rules?: Rule[]
  /** Rules that hold even while this kernel is out of service and its fallback answers. As few as can be. */
  always?: Rule[]
}

export interface Decision {
  allowed: boolean
  /** Id of the rule that decided; null where none speaks about the question. */
  rule: string | null
}

export const limits = { idChars: 100, textChars: 500, texts: 100, ruleBytes: 32_768, rules: 10_000 }
const lists = ['who', 'action', 'what'] as const

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** For an error's text. JSON and String() both throw a TypeError for what a caller can send: 10n, { toString: 1 }. */
function shown(value: unknown): string {
  return inspect(value, { depth: 0 }).slice(0, 200)
}

const isText = (value: unknown, max: number): value is string =>
  typeof value === 'string' && value !== '' && value.length <= max

/**
 * A copy with nothing else in it.
 * @throws with this code; the message begins with `where`.
 */
export function readRule(rule: unknown, where: string, code: string): Required<Rule> {
  const bad = (key: string, accepted: string, got: unknown) =>
    refusal(code, `${where}${key}: accepted is ${accepted}. Got: ${shown(got)}`)
  if (typeof rule !== 'object' || rule === null) throw bad('', 'a rule, { id, effect, who, action, what }', rule)
  const { id, effect = 'allow', who, action, what, ...others } = rule as Rule
  if (!isText(id, limits.idChars)) throw bad('.id', `a text of 1 to ${limits.idChars} characters`, id)
  if (effect !== 'allow' && effect !== 'deny') throw bad('.effect', 'allow or deny', effect)
  // A key that is misspelt would make the rule wider than it was meant.
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw bad(`.${unknown}`, 'id, effect, who, action, what', unknown)
  const given = { who, action, what }
  for (const key of lists) {
    const list: unknown = given[key]
    const isList = Array.isArray(list) && list.length > 0 && list.length <= limits.texts
    if (!isList || !list.every(isPattern)) {
      throw bad(`.${key}`, `a list of 1 to ${limits.texts} texts, with a * at the end only`, list)
    }
  }
  const read = { id, effect, who: [...who], action: [...action], what: [...what] }
  const bytes = Buffer.byteLength(JSON.stringify(read))
  // The log takes no entry of more than twice as much, and a rule that is not in the log must not hold.
  if (bytes > limits.ruleBytes) throw refusal(code, `${where} has at most ${limits.ruleBytes} bytes. Got: ${bytes}`)
  return read
}

function isPattern(value: unknown): boolean {
  return isText(value, limits.textChars) && !value.slice(0, -1).includes('*')
}

/** @throws with this code, also where two rules have one id. */
export function readRules(rules: unknown, where: string, code: string): Required<Rule>[] {
  if (!Array.isArray(rules)) throw refusal(code, `${where}: accepted is a list of rules. Got: ${typeof rules}`)
  const read = rules.map((rule, index) => readRule(rule, `${where}[${index}]`, code))
  const ids = new Set<string>()
  for (const { id } of read) {
    if (ids.has(id)) throw refusal(code, `${where}: there are two rules ${JSON.stringify(id)}.`)
    ids.add(id)
  }
  return read
}

/** A question that is no question is refused and not denied: whoever asks it has a defect, and is to see it. */
export function needQuestion(who: unknown, action: unknown, what: unknown): void {
  for (const [name, value] of Object.entries({ who, action, what })) {
    if (isText(value, limits.textChars)) continue
    const got = typeof value === 'string' ? `${value.length} characters` : typeof value
    throw refusal('INVALID_ARGUMENT', `${name} must be a text of 1 to ${limits.textChars} characters. Got: ${got}`)
  }
}

function covers(patterns: readonly string[], text: string): boolean {
  return patterns.some((each) => (each.endsWith('*') ? text.startsWith(each.slice(0, -1)) : each === text))
}

/** The first rule that denies; else the first that allows; else denied. */
export function decide(rules: Iterable<Required<Rule>>, who: string, action: string, what: string): Decision {
  let allowing: string | undefined
  for (const rule of rules) {
    if (!covers(rule.who, who) || !covers(rule.action, action) || !covers(rule.what, what)) continue
    if (rule.effect === 'deny') return { allowed: false, rule: rule.id }
    allowing ??= rule.id
  }
  return { allowed: allowing !== undefined, rule: allowing ?? null }
}
