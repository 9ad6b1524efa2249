/**
 * Answers for the policy while it is out of service: no to everything but what `config.always` lists. The rules of the
 * last snapshot are left alone on purpose. One that denies may have been granted after it, and nobody knows here what
 * took the kernel down; a door that stays shut for a while is the smaller harm. Rules cannot be changed meanwhile,
 * because nothing would be left of the change when the kernel is back.
 */
import { defineKernel, type KernelContext } from 'lazaret/kernel'
import type { ListedRule } from './kernel.ts'
import { type Decision, decide, needQuestion, type PolicyConfig, type Rule, readRules, refusal } from './rules.ts'

function refuseChange(): never {
  throw refusal('RULES_LOCKED', 'The policy is out of service, and its rules cannot be changed until it is back.')
}

export default defineKernel({
  start(ctx: KernelContext<Rule[], PolicyConfig>) {
    const { rules = [], always = [] } = ctx.config
    const open = readRules(always, 'config.always', 'CONFIG_INVALID')
    // What the configuration denies stays denied: only what allows is given up.
    const shut = readRules(rules, 'config.rules', 'CONFIG_INVALID').filter((rule) => rule.effect === 'deny')
    const explain = (who: string, action: string, what: string): Decision => {
      needQuestion(who, action, what)
      return decide([...shut, ...open], who, action, what)
    }
    return {
      api: {
        allowed: (who: string, action: string, what: string): boolean => explain(who, action, what).allowed,
        explain,
        grant: (_rule: Rule): { id: string; replaced: boolean } => refuseChange(),
        revoke: (_id: string): boolean => refuseChange(),
        /** Those that hold at the moment. */
        rules: (): ListedRule[] => [...shut, ...open].map((rule) => ({ ...rule, fixed: true })),
      },
    }
  },
})
