/**
 * Says who may do what: one question, one answer, and the rule that gave it. Nothing is allowed that no rule allows,
 * and a rule that denies is stronger than any that allows. It says, it does not enforce: whoever asks must obey. Who
 * somebody is, it takes from the asker.
 */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { decide, isText, type Rule, type RuleInput, readRule, readRules, refusal, textChars } from './rules.ts'

export interface PolicyConfig {
  /** Rules that always stand; callers can add to them and not revoke them. */
  rules?: RuleInput[]
  /** Allowed whatever the other rules say, and while this kernel is away: its fallback knows these alone. */
  always?: RuleInput[]
}

const maxRules = 1000

function readConfig(config: PolicyConfig): { always: Rule[]; fixed: Rule[] } {
  const always = readRules(config.always ?? [], 'config.always', 'CONFIG_INVALID')
  const fixed = readRules(config.rules ?? [], 'config.rules', 'CONFIG_INVALID')
  const denies = always.find((rule) => rule.effect === 'deny')
  if (denies !== undefined) {
    throw refusal('CONFIG_INVALID', `config.always: accepted are rules that allow. Got: ${denies.id}, which denies.`)
  }
  readRules([...always, ...fixed], 'config.always and config.rules', 'CONFIG_INVALID') // an id stands in one of them only
  return { always, fixed }
}

function needText(value: unknown, name: string): void {
  if (isText(value)) return
  const got = typeof value === 'string' ? `${value.length} characters` : typeof value
  throw refusal('INVALID_ARGUMENT', `${name} must be a text of 1 to ${textChars} characters. Got: ${got}`)
}

const kernel = defineKernel({
  start(ctx: KernelContext<Rule[], PolicyConfig>) {
    const { always, fixed } = readConfig(ctx.config)
    const isFixed = (id: string) => [...always, ...fixed].some((rule) => rule.id === id)
    const granted = new Map<string, Rule>()
    for (const rule of readRules(ctx.restored ?? [], 'state', 'STATE_INVALID')) {
      if (!isFixed(rule.id)) granted.set(rule.id, rule)
      else ctx.log.warn('a restored rule gave way to the one of the same id in the configuration', { rule: rule.id })
    }

    const explain = (who: string, action: string, what: string): { allowed: boolean; rule: string | null } => {
      for (const [name, value] of Object.entries({ who, action, what })) needText(value, name)
      const rule = decide(always, [...fixed, ...granted.values()], who, action, what)
      return { allowed: rule?.effect === 'allow', rule: rule?.id ?? null }
    }

    return {
      api: {
        allowed: (who: string, action: string, what: string): boolean => explain(who, action, what).allowed,
        /** The answer, with the id of the rule that gave it; null where no rule speaks about it, which means no. */
        explain,
        /** Adds a rule; it holds from the next question on, and is part of the snapshot. */
        grant(input: RuleInput): Rule {
          const rule = readRule(input, 'rule', 'INVALID_ARGUMENT')
          if (isFixed(rule.id) || granted.has(rule.id)) {
            throw refusal('RULE_EXISTS', `There is a rule ${JSON.stringify(rule.id)} already: revoke it first.`)
          }
          if (granted.size >= maxRules) throw refusal('TOO_MANY_RULES', `${maxRules} rules were granted: the limit.`)
          granted.set(rule.id, rule)
          return rule
        },
        /** False where there was no such rule. */
        revoke(id: string): boolean {
          if (isFixed(id)) throw refusal('RULE_FIXED', `The rule ${id} stands in the configuration: take it out there.`)
          return granted.delete(id)
        },
        /** All that hold, in the order of the configuration, then of granting. */
        rules: (): (Rule & { from: 'always' | 'config' | 'granted' })[] => [
          ...always.map((rule) => ({ ...rule, from: 'always' as const })),
          ...fixed.map((rule) => ({ ...rule, from: 'config' as const })),
          ...[...granted.values()].map((rule) => ({ ...rule, from: 'granted' as const })),
        ],
      },
      snapshot: (): Rule[] => [...granted.values()],
    }
  },
})
export default kernel
export type Policy = KernelApi<typeof kernel>
