/**
 * Stands in while the flags are out of service: the rules of the configuration hold, and whatever has none, or a bad
 * one, is off. What was set at run time is not used, because the snapshot may be the very thing that brought the kernel
 * down; and nothing can be set, because it would be gone when the kernel is back.
 */
import { defineKernel, type KernelContext } from 'lazaret/kernel'
import type { Flag } from './kernel.ts'
import { type FlagsConfig, isOn, limits, needText, type Rule, readRule, refusal, shown } from './rule.ts'

export default defineKernel({
  start(ctx: KernelContext<unknown, FlagsConfig>) {
    const rules = new Map<string, Rule>()
    for (const [flag, rule] of Object.entries(ctx.config.flags ?? {})) {
      try {
        rules.set(flag, readRule('CONFIG_INVALID', `config.flags.${flag}`, rule))
      } catch (error) {
        ctx.log.warn('a flag with a bad rule is off', { flag, error: String(error) })
      }
    }
    return {
      api: {
        isOn(flag: string, who: string): boolean {
          needText(flag, 'flag', limits.flagChars)
          needText(who, 'who', limits.whoChars)
          return isOn(rules.get(flag), flag, who)
        },
        set(flag: string, _rule: Rule | null): never {
          throw refusal(
            'READ_ONLY',
            `${shown(flag)} cannot be set: the configured flags stand in until the kernel is back.`,
          )
        },
        all: (): Record<string, Flag> =>
          Object.fromEntries([...rules].sort().map(([flag, rule]) => [flag, { ...rule, from: 'config' as const }])),
      },
    }
  },
})
