/**
 * Who may publish and subscribe where: the configuration of the bus, validated, and the rule that decides a question.
 * Rules guard against mistakes, not against malice: a publisher is who it says it is.
 */
import { inspect } from 'node:util'
export type Action = 'publish' | 'subscribe'

export interface AccessRule {
  /** `orders.new`, or `orders.*` for everything below orders, or `*` for everything. */
  topic: string
  /** Kernel ids, or `*` for anyone. A rule without the list does not speak about the action. */
  publish?: string[]
  subscribe?: string[]
}

export interface BusConfig {
  /** The first rule that matches the topic and speaks about the action decides. */
  rules?: AccessRule[]
  /** What holds where no rule decides. Default allow. */
  default?: 'allow' | 'deny'
  /** Standing subscriptions, topic to kernel ids: they hold whatever state the bus starts from. */
  subscriptions?: Record<string, string[]>
}

export const topicPattern = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** For an error's text. JSON and String() both throw a TypeError for what a caller can send: 10n, { toString: 1 }. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 0 }).slice(0, 200)
}

export function isListOfText(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((member) => typeof member === 'string')
}

export function readConfig(config: BusConfig): Required<BusConfig> {
  const { rules = [], default: otherwise = 'allow', subscriptions = {} } = config
  const bad = (key: string, accepted: string, got: unknown) =>
    refusal('CONFIG_INVALID', `config.${key}: accepted is ${accepted}. Got: ${shown(got)}`)
  if (otherwise !== 'allow' && otherwise !== 'deny') throw bad('default', 'allow or deny', otherwise)
  if (!Array.isArray(rules)) throw bad('rules', 'a list of { topic, publish, subscribe }', rules)
  for (const [index, rule] of rules.entries()) {
    const lists = [rule?.publish ?? [], rule?.subscribe ?? []]
    if (typeof rule?.topic !== 'string' || !lists.every(isListOfText)) {
      throw bad(`rules[${index}]`, 'a topic (text), publish and subscribe (lists of kernel ids or *)', rule)
    }
    if (rule.topic !== '*' && !topicPattern.test(rule.topic.replace(/\.\*$/, ''))) {
      throw bad(`rules[${index}].topic`, 'a topic, a topic followed by .*, or *', rule.topic)
    }
  }
  if (
    typeof subscriptions !== 'object' ||
    subscriptions === null ||
    !Object.values(subscriptions).every(isListOfText)
  ) {
    throw bad('subscriptions', 'a map from topic to a list of kernel ids', subscriptions)
  }
  return { rules, default: otherwise, subscriptions }
}

function covers(pattern: string, topic: string): boolean {
  if (pattern === '*') return true
  return pattern.endsWith('.*') ? topic.startsWith(pattern.slice(0, -1)) : pattern === topic
}

/** The first rule that covers the topic and speaks about the action decides; else the default. */
export function isAllowed(config: Required<BusConfig>, action: Action, topic: string, id: string): boolean {
  const rule = config.rules.find((each) => each[action] !== undefined && covers(each.topic, topic))
  const list = rule?.[action]
  return list === undefined ? config.default === 'allow' : list.includes('*') || list.includes(id)
}
