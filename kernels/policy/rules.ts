/**
 * A rule as it is written, and the one order in which rules decide: what is always allowed, then what is denied, then
 * what is allowed; what nothing speaks about is denied. Who somebody is has been found out before.
 */
export interface Rule {
  id: string
  /** Default allow. */
  effect: 'allow' | 'deny'
  /** Each is a text; one that ends with `*` covers all that begins so, and `*` alone everything. */
  who: string
  action: string
  what: string
}
/** As people write it. */
export type RuleInput = Omit<Rule, 'effect'> & { effect?: Rule['effect'] }

const keys = ['id', 'effect', 'who', 'action', 'what']
export const textChars = 200

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= textChars
}

/** @param where how the rule is called in an error, for example `config.rules[0]`. */
export function readRule(value: unknown, where: string, code: string): Rule {
  const refuse = (key: string, accepted: string, got: unknown): never => {
    throw refusal(code, `${where}${key}: accepted is ${accepted}. Got: ${JSON.stringify(got) ?? String(got)}`)
  }
  if (typeof value !== 'object' || value === null) return refuse('', 'an object', value)
  const { id, effect = 'allow', who, action, what } = value as Partial<Rule>
  for (const key of Object.keys(value)) if (!keys.includes(key)) refuse(`.${key}`, `one of ${keys.join(', ')}`, key)
  if (!isText(id)) return refuse('.id', `a text of 1 to ${textChars} characters`, id)
  if (effect !== 'allow' && effect !== 'deny') return refuse('.effect', 'allow or deny', effect)
  for (const [key, text] of Object.entries({ who, action, what })) {
    // A star in the middle would be taken for a letter, and the rule would never do what it seems to say.
    if (!isText(text) || text.slice(0, -1).includes('*')) {
      refuse(`.${key}`, `a text of 1 to ${textChars} characters with a * at its end at most`, text)
    }
  }
  return { id, effect, who, action, what } as Rule
}

/** @returns the rules of a list, each id once. */
export function readRules(list: unknown, where: string, code: string): Rule[] {
  if (!Array.isArray(list)) throw refusal(code, `${where}: accepted is a list of rules. Got: ${typeof list}`)
  const rules = list.map((rule, index) => readRule(rule, `${where}[${index}]`, code))
  const twice = rules.find((rule, index) => rules.findIndex((other) => other.id === rule.id) !== index)
  if (twice !== undefined) throw refusal(code, `${where}: the id ${JSON.stringify(twice.id)} is given twice.`)
  return rules
}

function covers(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : pattern === text
}

/** The rule that decides, or undefined where none speaks about it. */
export function decide(
  always: readonly Rule[],
  rules: Iterable<Rule>,
  who: string,
  action: string,
  what: string,
): Rule | undefined {
  const speaks = (rule: Rule) => covers(rule.who, who) && covers(rule.action, action) && covers(rule.what, what)
  const found = [...rules].filter(speaks)
  return always.find(speaks) ?? found.find((rule) => rule.effect === 'deny') ?? found[0]
}
