/**
 * What is done about a kernel whose restarts are spent, as a table that is read from the top: the first row that fits
 * is the plan. Pure; the supervisor carries it out, and asks again with what has changed.
 */
import type { Autonomy, Tier } from '../base/spec.ts'

export interface StrategyFacts {
  readonly tier: Tier
  /** A standby serves in its place, or is about to: the repair need not be quick. */
  readonly replica: boolean
  /** There is a golden snapshot. */
  readonly golden: boolean
  /** Trust of the playbook that knows this fingerprint. */
  readonly playbook: 'trusted' | 'trial' | undefined
  readonly autonomy: Autonomy
  /** Repairs tried for this incident. */
  readonly attempts: number
  readonly maxAttempts: number
  /** The golden snapshot was restored for this incident already. */
  readonly restoreTried: boolean
}

/** Who may propose a remedy, in the order of asking. */
export type AgentName = 'playbook' | 'restore' | 'minimal-revert' | 'language-service' | 'guard' | OutsideAgent
/** Those that a person has to configure; one that is not is not asked. */
export type OutsideAgent = 'model' | 'command' | 'acp'

export type Plan =
  | { readonly do: 'playbook' }
  | { readonly do: 'restore' }
  | { readonly do: 'repair'; readonly agents: readonly AgentName[] }
  /** Propose and prove as in a repair, but apply only what a person approves. */
  | { readonly do: 'suggest'; readonly agents: readonly AgentName[] }
  | { readonly do: 'park'; readonly why: string }

/** Each level of autonomy includes those before it. */
const levels: Readonly<Record<Autonomy, number>> = { observe: 0, suggest: 1, playbook: 2, fix: 3 }

interface Row {
  readonly when: string
  fits(facts: StrategyFacts): boolean
  plan(facts: StrategyFacts, agents: readonly AgentName[]): Plan
}

const allows = (facts: StrategyFacts, autonomy: Autonomy) => levels[facts.autonomy] >= levels[autonomy]
const park = (why: string) => () => ({ do: 'park', why }) as const

export const strategyTable: readonly Row[] = [
  {
    when: 'every attempt is spent',
    fits: (facts) => facts.attempts >= facts.maxAttempts,
    plan: ({ attempts, maxAttempts }) => ({
      do: 'park',
      why: `${attempts} of ${maxAttempts} repair attempts are spent`,
    }),
  },
  {
    when: 'autonomy observe: nothing is tried',
    fits: (facts) => !allows(facts, 'suggest'),
    plan: park('repair.autonomy is observe: a person decides'),
  },
  {
    when: 'a trusted playbook knows the failure',
    fits: (facts) => facts.playbook === 'trusted' && allows(facts, 'playbook'),
    plan: () => ({ do: 'playbook' }),
  },
  {
    when: 'tier 1 without a replica: back to the golden snapshot at once, once',
    fits: (facts) => facts.tier === 1 && !facts.replica && facts.golden && !facts.restoreTried && allows(facts, 'fix'),
    plan: () => ({ do: 'restore' }),
  },
  {
    when: 'autonomy playbook with a playbook on trial: it must prove itself',
    fits: (facts) => facts.autonomy === 'playbook' && facts.playbook !== undefined,
    plan: () => ({ do: 'repair', agents: ['playbook'] }),
  },
  {
    when: 'autonomy below fix: prove it, and let a person approve',
    fits: (facts) => !allows(facts, 'fix'),
    plan: (_facts, agents) => ({ do: 'suggest', agents }),
  },
  {
    when: 'otherwise: repair, cheapest agent first',
    fits: () => true,
    plan: (_facts, agents) => ({ do: 'repair', agents }),
  },
]

export function plan(facts: StrategyFacts): Plan {
  const agents: AgentName[] = []
  if (facts.playbook !== undefined) agents.push('playbook')
  if (facts.golden) agents.push('restore', 'minimal-revert')
  // The code and the messages are always there to be looked at.
  agents.push('language-service', 'guard', 'model', 'command', 'acp')
  const row = strategyTable.find((candidate) => candidate.fits(facts))
  // The last row fits everything.
  return row?.plan(facts, agents) ?? { do: 'park', why: 'no row of the strategy table fits' }
}
