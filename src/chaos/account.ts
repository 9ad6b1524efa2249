/** The account of a stress run: the rows, and what runtime, ledgers and callers say when it is over. */
import type { FleetSpec } from '../base/spec.ts'
import type { Runtime } from '../runtime.ts'
import { type Fates, fatesOf, readLedger, startsPastBudget } from './ledger.ts'
import { hasHealed, original, type StressReport, type StressRow } from './report.ts'
import { type Stage, stressTimes, tokenPattern } from './stage.ts'
import type { Traffic } from './traffic.ts'
import type { Watch } from './watch.ts'

/** Looks at the ledgers of a stage. @param deadLetters serialised arguments. */
export function fatesOnStage(stage: Stage, traffic: Traffic, deadLetters: readonly (Uint8Array | undefined)[]): Fates {
  const names = new Set(stage.kernels.flatMap((kernel) => stage.ledgersOf(kernel)))
  return fatesOf({
    accepted: traffic.accepted,
    ledgers: new Map([...names].map((name) => [name, readLedger(stage.ledger(name))])),
    ledgersOf: stage.ledgersOf,
    ...{ deadLetters, pattern: tokenPattern },
  })
}

function pastBudget({ kernels }: FleetSpec, stage: Stage, watch: Watch, gapMs: number): number {
  return kernels.reduce((sum, { id: kernel, restart: { max } }) => {
    const bounds = { max, stableMs: stressTimes.stableMs, gapMs }
    const started = watch.of(kernel).filter(({ type }) => type === 'kernel.started')
    return sum + startsPastBudget(readLedger(stage.ledger(kernel)), started, bounds)
  }, 0)
}

export interface Played {
  readonly stage: Stage
  readonly runtime: Runtime
  readonly watch: Watch
  readonly traffic: Traffic
  readonly rows: readonly StressRow[]
  /** Kernels that do not answer at the end, and why. */
  readonly silent: readonly { readonly kernel: string; readonly why: string }[]
  readonly tookMs: number
}

export function account({ stage, runtime, watch, traffic, rows, silent, tookMs }: Played): StressReport {
  const status = runtime.status()
  const inState = (test: (state: string) => boolean) => status.filter(({ state }) => test(state)).length
  const ofType = (type: string) => watch.events.filter((event) => event.type === type)
  const letters = runtime.journal.deadLetters({ limit: 100_000 }).map(({ args }) => args)
  const { lost, ...fates } = fatesOnStage(stage, traffic, letters)
  const healed = rows.filter(hasHealed)
  const isSilent = (id: string) => silent.some(({ kernel }) => kernel === id)
  const ways = healed.flatMap(({ healedBy }) => healedBy.split(' and '))
  return {
    kernels: {
      total: status.length,
      // By what it says and by what it does.
      running: status.filter(({ id, state }) => state.startsWith('running') && !isSilent(id)).length,
      quarantined: inState((state) => state.startsWith('quarantined') && state !== 'quarantined.parked'),
      parked: inState((state) => state === 'quarantined.parked'),
      failed: inState((state) => state.startsWith('failed')),
    },
    faults: {
      injected: rows.length,
      healed: healed.length,
      asExpected: rows.filter(({ asExpected }) => asExpected).length,
    },
    restarts: {
      total: ofType('kernel.started').filter(({ reason }) => reason === 'restart').length,
      pastBudget: pastBudget(runtime.fleet, stage, watch, 1.5 * traffic.roundMs),
    },
    incidents: runtime.journal.incidents({ limit: 1000 }).length,
    healedBy: Object.fromEntries([...Map.groupBy(ways, (way) => way)].map(([way, some]) => [way, some.length])),
    playbooks: { generated: ofType('playbook.generated').length, used: ofType('playbook.applied').length },
    asks: traffic.asks,
    messages: { accepted: traffic.accepted.size, ...fates, lost: lost.length },
    rows,
    silent,
    notRunning: status
      .filter(({ state }) => !state.startsWith('running'))
      .map(({ id, state, why }) => ({ kernel: id, state, ...(why && { why }) })),
    ...{ tookMs: Math.round(tookMs), original },
  }
}
