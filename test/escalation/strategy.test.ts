import { expect, test } from 'vitest'
import type { Tier } from '../../src/base/spec.ts'
import { plan, type StrategyFacts, strategyTable } from '../../src/escalation/strategy.ts'

const facts = (change: Partial<StrategyFacts> = {}): StrategyFacts => ({
  ...{ tier: 2, replica: false, golden: true, playbook: undefined, autonomy: 'fix' },
  ...{ attempts: 0, maxAttempts: 3, restoreTried: false },
  ...change,
})

/** These may always propose: the code and the messages are there to be looked at. */
const always = ['language-service', 'guard', 'model', 'command', 'acp']
const restore = { do: 'repair', agents: ['restore', 'minimal-revert', ...always] }
const both = { do: 'repair', agents: ['playbook', 'restore', 'minimal-revert', ...always] }
const parked = { do: 'park' }

const cells: [Partial<StrategyFacts>, { do: string; agents?: string[] }][] = [
  // A standby serves: there is time for a repair that gives up less than the whole golden snapshot.
  [{ tier: 1, replica: true }, restore],
  [{ tier: 1, replica: true, playbook: 'trusted' }, { do: 'playbook' }],
  [{ tier: 1, replica: true, attempts: 3 }, parked],
  [{ tier: 1, replica: true, autonomy: 'observe' }, parked],
  [{ tier: 2, replica: true }, restore],
  [{ attempts: 2 }, restore],
  [{ attempts: 3 }, parked],
  [{ attempts: 4, playbook: 'trusted' }, parked],
  [{ maxAttempts: 0 }, parked],
  [{ autonomy: 'observe', playbook: 'trusted' }, parked],
  [{ tier: 1, autonomy: 'observe' }, parked],
  [{ playbook: 'trusted' }, { do: 'playbook' }],
  [{ playbook: 'trusted', autonomy: 'playbook' }, { do: 'playbook' }],
  [{ playbook: 'trusted', tier: 1 }, { do: 'playbook' }],
  [{ playbook: 'trusted', golden: false }, { do: 'playbook' }],
  [
    { playbook: 'trusted', autonomy: 'suggest' },
    { do: 'suggest', agents: ['playbook', 'restore', 'minimal-revert', ...always] },
  ],
  [{ tier: 1 }, { do: 'restore' }],
  [{ tier: 1, playbook: 'trial' }, { do: 'restore' }],
  [{ tier: 1, restoreTried: true }, restore],
  [
    { tier: 1, golden: false },
    { do: 'repair', agents: always },
  ],
  [
    { tier: 1, autonomy: 'playbook' },
    { do: 'suggest', agents: ['restore', 'minimal-revert', ...always] },
  ],
  [{ golden: false }, { do: 'repair', agents: always }],
  [
    { golden: false, autonomy: 'suggest' },
    { do: 'suggest', agents: always },
  ],
  [{ golden: false, autonomy: 'observe' }, parked],
  [
    { golden: false, playbook: 'trial' },
    { do: 'repair', agents: ['playbook', ...always] },
  ],
  [{ playbook: 'trial' }, both],
  [
    { playbook: 'trial', autonomy: 'playbook' },
    { do: 'repair', agents: ['playbook'] },
  ],
  [{ autonomy: 'playbook' }, { do: 'suggest', agents: ['restore', 'minimal-revert', ...always] }],
  [{ autonomy: 'suggest' }, { do: 'suggest', agents: ['restore', 'minimal-revert', ...always] }],
  [{ tier: 5 }, restore],
]

test.each(cells)('%j gives %j', (change, expected) => {
  expect(plan(facts(change))).toMatchObject(expected)
})

test('every combination has exactly one plan, and every row of the table is somebody’s', () => {
  const used = new Set<string>()
  for (const all of combinations()) {
    const chosen = plan(all)
    used.add(strategyTable.find((row) => row.fits(all))?.when ?? 'none')
    if (chosen.do === 'park') expect(chosen.why).not.toBe('')
    if (chosen.do === 'repair' || chosen.do === 'suggest') expect(chosen.agents.length).toBeGreaterThan(0)
    if (chosen.do === 'restore') expect(all.golden && all.tier === 1 && !all.replica && !all.restoreTried).toBe(true)
    if (all.autonomy === 'observe') expect(chosen.do).toBe('park')
    if (all.autonomy === 'suggest') expect(['park', 'suggest']).toContain(chosen.do)
  }
  expect([...used].sort()).toEqual(strategyTable.map((row) => row.when).sort())
})

function* combinations(): Generator<StrategyFacts> {
  for (const tier of [1, 2, 3, 4, 5] satisfies Tier[])
    for (const replica of [true, false])
      for (const golden of [true, false])
        for (const playbook of ['trusted', 'trial', undefined] as const)
          for (const autonomy of ['observe', 'suggest', 'playbook', 'fix'] as const)
            for (const attempts of [0, 1, 2])
              for (const restoreTried of [true, false])
                yield { tier, replica, golden, playbook, autonomy, attempts, maxAttempts: 2, restoreTried }
}
