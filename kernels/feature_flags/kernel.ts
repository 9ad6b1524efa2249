/**
 * Which feature is on for whom: for a percentage of all names, and for lists of them. Rules come with the configuration;
 * one that is set at run time takes the place of the configured one until it is set to null. The configuration is not
 * part of the state, so what is changed there holds after a restart.
 */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { type FlagsConfig, isOn, limits, needText, type Rule, readRule, readRules, refusal } from './rule.ts'

export type Flag = Rule & { from: 'config' | 'run time' }
/** Rules set at run time. */
export type SavedRules = [flag: string, rule: Rule][]

const maxSet = 1000

function restore(restored: unknown): Map<string, Rule> {
  if (restored === undefined) return new Map()
  const isPair = (each: unknown) => Array.isArray(each) && each.length === 2 && typeof each[0] === 'string'
  if (!Array.isArray(restored) || !restored.every(isPair)) {
    throw refusal('STATE_INVALID', 'The restored state is no list of flags with their rules.')
  }
  return readRules('STATE_INVALID', 'restored', Object.fromEntries(restored))
}

const kernel = defineKernel({
  start(ctx: KernelContext<SavedRules, FlagsConfig>) {
    const configured = readRules('CONFIG_INVALID', 'config.flags', ctx.config.flags ?? {})
    const set = restore(ctx.restored)
    const flagOf = (name: string): Flag | undefined => {
      const rule = set.get(name)
      if (rule !== undefined) return { ...rule, from: 'run time' }
      const other = configured.get(name)
      return other && { ...other, from: 'config' }
    }
    return {
      api: {
        /** False for a flag that there is not. */
        isOn(flag: string, who: string): boolean {
          needText(flag, 'flag', limits.flagChars)
          needText(who, 'who', limits.whoChars)
          return isOn(set.get(flag) ?? configured.get(flag), flag, who)
        },
        /** Replaces the rule of a flag; null takes back what was set. Returns what holds now, null where nothing does. */
        set(flag: string, rule: Rule | null): Flag | null {
          needText(flag, 'flag', limits.flagChars)
          if (rule === null) set.delete(flag)
          else {
            const read = readRule('INVALID_ARGUMENT', 'rule', rule)
            if (!set.has(flag) && set.size >= maxSet) {
              throw refusal('FLAGS_FULL', `There are ${maxSet} rules set at run time, which is the limit.`)
            }
            set.set(flag, read)
          }
          const now = flagOf(flag)
          ctx.log.info('the rule of a flag was changed', { flag, rule: now ?? null })
          return now ?? null
        },
        /** Every flag that has a rule, in the order of their names. */
        all(): Record<string, Flag> {
          const names = [...new Set([...configured.keys(), ...set.keys()])].sort()
          const flags = names.flatMap((name): [string, Flag][] => {
            const flag = flagOf(name)
            return flag === undefined ? [] : [[name, flag]]
          })
          return Object.fromEntries(flags)
        },
      },
      snapshot: (): SavedRules => [...set],
    }
  },
})
export default kernel
export type FeatureFlags = KernelApi<typeof kernel>
