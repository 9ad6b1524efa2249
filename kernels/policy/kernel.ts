/**
 * Who may do what. Rules of the configuration always hold; others are granted and revoked while it runs, and those are
 * its state. It answers, and enforces nothing: whoever asks has to obey. Nor does it know whether somebody is who they
 * say they are; that is what sessions are for.
 */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import {
  type Decision,
  decide,
  limits,
  needQuestion,
  type PolicyConfig,
  type Rule,
  readRule,
  readRules,
  refusal,
} from './rules.ts'

/** A rule as it is told to callers. */
export type ListedRule = Required<Rule> & { fixed: boolean }

class RuleBook {
  readonly #fixed = new Map<string, Required<Rule>>()
  readonly #granted = new Map<string, Required<Rule>>()

  constructor(ctx: KernelContext<Rule[], PolicyConfig>) {
    const { rules = [], always = [] } = ctx.config
    const fixed = [
      ...readRules(rules, 'config.rules', 'CONFIG_INVALID'),
      ...readRules(always, 'config.always', 'CONFIG_INVALID'),
    ]
    for (const rule of fixed) {
      if (this.#fixed.has(rule.id)) {
        throw refusal(
          'CONFIG_INVALID',
          `config.always: the rule ${JSON.stringify(rule.id)} stands in config.rules too.`,
        )
      }
      this.#fixed.set(rule.id, rule)
    }
    for (const rule of readRules(ctx.restored ?? [], 'state', 'STATE_INVALID')) {
      if (this.#fixed.has(rule.id)) {
        ctx.log.warn('a restored rule gave way to the one of the same id in the configuration', { rule: rule.id })
      } else this.#granted.set(rule.id, rule)
    }
  }

  decide(who: string, action: string, what: string): Decision {
    return decide([...this.#fixed.values(), ...this.#granted.values()], who, action, what)
  }

  grant(rule: Required<Rule>): boolean {
    this.#needRevocable(rule.id)
    const replaced = this.#granted.has(rule.id)
    if (!replaced && this.#granted.size >= limits.rules) {
      throw refusal('TOO_MANY_RULES', `There are ${limits.rules} granted rules, which is the limit: revoke some.`)
    }
    this.#granted.set(rule.id, rule)
    return replaced
  }

  revoke(id: string): boolean {
    this.#needRevocable(id)
    return this.#granted.delete(id)
  }

  #needRevocable(id: string): void {
    if (!this.#fixed.has(id)) return
    throw refusal('RULE_FIXED', `The rule ${id} stands in the configuration: change it there.`)
  }

  granted(): Required<Rule>[] {
    return [...this.#granted.values()]
  }

  list(): ListedRule[] {
    const listed = (fixed: boolean) => (rule: Required<Rule>) => ({ ...rule, fixed })
    return [...[...this.#fixed.values()].map(listed(true)), ...this.granted().map(listed(false))]
  }
}

const kernel = defineKernel({
  start(ctx: KernelContext<Rule[], PolicyConfig>) {
    const book = new RuleBook(ctx)
    const explain = (who: string, action: string, what: string): Decision => {
      needQuestion(who, action, what)
      return book.decide(who, action, what)
    }
    /** Rules are the one thing here that has to be answered for afterwards. */
    const record = (change: string, facts: Record<string, unknown>) =>
      ctx.ref('immutable_log').tell.append?.({ kind: `policy.${change}`, ...facts })
    return {
      api: {
        allowed: (who: string, action: string, what: string): boolean => explain(who, action, what).allowed,
        /** The same answer, with the rule that it comes from. */
        explain,
        /** A granted rule of the same id is replaced. */
        grant(rule: Rule): { id: string; replaced: boolean } {
          const read = readRule(rule, 'rule', 'INVALID_ARGUMENT')
          const replaced = book.grant(read)
          record('granted', { rule: read })
          return { id: read.id, replaced }
        },
        /** False where there was no such rule. */
        revoke(id: string): boolean {
          const revoked = book.revoke(id)
          if (revoked) record('revoked', { rule: id })
          return revoked
        },
        rules: (): ListedRule[] => book.list(),
      },
      snapshot: () => book.granted(),
    }
  },
})
export default kernel
export type Policy = KernelApi<typeof kernel>
