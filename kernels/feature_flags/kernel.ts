/**
 * Which features are on for whom: a list, a percentage, or both. A percentage is no dice: the same person gets the same
 * answer each time, and on every machine. What the configuration says can be overruled at run time and taken back. A
 * flag that nobody has written down is off.
 */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { type FlagRule, isName, isOn, isWho, readRule, refusal } from './rule.ts'

export interface FlagsConfig {
  /** Rules that hold until one is set at run time; while this kernel is away, these hold alone. */
  flags?: Record<string, FlagRule>
}
type FlagsState = [flag: string, rule: Required<FlagRule>][]

const maxFlags = 1000

function needName(flag: unknown): asserts flag is string {
  if (isName(flag)) return
  const accepted = 'small letters and digits, joined by . _ or -, 100 characters at most'
  throw refusal('INVALID_ARGUMENT', `A flag is ${accepted}. Got: ${JSON.stringify(flag) ?? String(flag)}`)
}

/** Flags with their rules, each checked: `list` is an object of the configuration or the pairs of a snapshot. */
function readFlags(pairs: unknown, where: string, code: string): Map<string, Required<FlagRule>> {
  const isList = Array.isArray(pairs) && pairs.every((pair) => Array.isArray(pair) && isName(pair[0]))
  if (!isList) throw refusal(code, `${where}: accepted are names of flags with their rules, and nothing else.`)
  return new Map(pairs.map(([flag, rule]) => [flag, readRule(rule, `${where}.${flag}`, code)]))
}

const kernel = defineKernel({
  start(ctx: KernelContext<FlagsState, FlagsConfig>) {
    const { flags = {} } = ctx.config
    const pairs =
      typeof flags === 'object' && flags !== null && !Array.isArray(flags) ? Object.entries(flags) : undefined
    const written = readFlags(pairs, 'config.flags', 'CONFIG_INVALID')
    const set = readFlags(ctx.restored ?? [], 'state', 'STATE_INVALID')
    return {
      api: {
        /** False for a flag that is not known: a feature is off until somebody turns it on. */
        isOn(flag: string, who: string): boolean {
          needName(flag)
          if (!isWho(who)) throw refusal('INVALID_ARGUMENT', 'who must be a text of 1 to 200 characters.')
          const rule = set.get(flag) ?? written.get(flag)
          return rule !== undefined && isOn(rule, flag, who)
        },
        /** The rule holds from now on, in the place of what was; null takes it back to what the configuration says. */
        set(flag: string, rule: FlagRule | null): void {
          needName(flag)
          if (rule === null) {
            set.delete(flag)
            return
          }
          const read = readRule(rule, 'rule', 'INVALID_ARGUMENT')
          if (set.size >= maxFlags && !set.has(flag)) {
            throw refusal('TOO_MANY_FLAGS', `${maxFlags} flags are set at run time, which is the limit.`)
          }
          set.set(flag, read)
        },
        /** Every flag with the rule that holds, by name. */
        all(): (Required<FlagRule> & { flag: string; from: 'config' | 'set' })[] {
          const names = [...new Set([...written.keys(), ...set.keys()])].sort()
          return names.flatMap((flag) => {
            const rule = set.get(flag) ?? written.get(flag)
            return rule === undefined
              ? []
              : [{ flag, from: set.has(flag) ? ('set' as const) : ('config' as const), ...rule }]
          })
        },
      },
      snapshot: (): FlagsState => [...set],
    }
  },
})
export default kernel
export type FeatureFlags = KernelApi<typeof kernel>
