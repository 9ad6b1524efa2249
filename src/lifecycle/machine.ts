/**
 * The life of an instance, as one statechart. It is the only place that decides whether a kernel is started again: the
 * restart budget is its guard, `stableMs` its delay. It acts through emitted effects alone, which lifecycle/instance.ts
 * and the supervisor carry out after the transition has been committed to the journal.
 *
 * Failures are forgotten only by `stableMs` of uninterrupted running (`running.steady`); a sliding window would let slow
 * crash loops through (FACTS H). All counters are small integers, so `xstate/graph` can enumerate the chart.
 */
import { assign, emit, setup } from 'xstate'
import { limits } from '../base/limits.ts'
import type { KernelSpec } from '../base/spec.ts'

export interface LifecycleInput {
  readonly kernel: string
  readonly max: number
  readonly stableMs: number
  readonly backoffMs: number
  readonly backoffMaxMs: number
  readonly jitter: number
  readonly maxAttempts: number
  readonly repairTimeoutMs: number
  /** 0 to 1; Math.random in production. */
  readonly random: () => number
  /** Counters of an earlier process. */
  readonly failures?: number
  readonly starts?: number
  readonly attempts?: number
  readonly restored?: boolean
}

export function lifecycleInput(spec: KernelSpec, random: () => number = Math.random): LifecycleInput {
  const { id: kernel, restart, repair } = spec
  return { kernel, ...restart, maxAttempts: repair.maxAttempts, repairTimeoutMs: repair.timeoutMs, random }
}

export interface LifecycleContext extends LifecycleInput {
  /** Crashes since the kernel was last steady. */
  readonly failures: number
  /** Starts charged to the budget since the kernel was last steady. */
  readonly starts: number
  /** Repairs begun for the open incident. */
  readonly attempts: number
  /** The golden snapshot has been restored as a whole for the open incident. */
  readonly restored: boolean
  /** It has run for stableMs; what is missing is a sign that it still does. */
  readonly due: boolean
}

export type ResumePoint = 'start' | 'failed' | 'waiting' | 'parked' | 'rejoin'

export type LifecycleEvent =
  | { type: 'START' }
  | { type: 'RESUME'; at: ResumePoint }
  | { type: 'READY' }
  /** The thread answered the probe. */
  | { type: 'ALIVE' }
  /** permanent: no restart can mend it. known: a trusted playbook knows this failure. */
  | { type: 'CRASHED'; permanent: boolean; known: boolean }
  | { type: 'CAPTURED' }
  | { type: 'DECIDED'; plan: 'repair' | 'restore' | 'park' }
  | { type: 'REPAIR'; byPerson?: boolean }
  | { type: 'RESTORE' }
  | { type: 'PROPOSED' }
  | { type: 'REFUSED' }
  | { type: 'VERIFIED' }
  | { type: 'APPLIED' }
  | { type: 'EXHAUSTED' }
  /** policy: what the fleet says of the kernel now, where a person may have changed it. */
  | { type: 'REJOIN'; policy?: LifecycleInput }
  | { type: 'QUARANTINE' }
  | { type: 'PARK' }
  | { type: 'RESTART'; policy?: LifecycleInput }
  /** A kernel that it depends on, and whose strategy is rest_for_one, is restarted: it ends, and waits for STEP_BACK. */
  | { type: 'STEP_ASIDE' }
  | { type: 'STEP_BACK' }
  | { type: 'STOP' }
  | { type: 'ENDED' }

/** What is to be done at the edge, after the transition is committed. */
export type Effect =
  | { type: 'boot'; reason: 'first' | 'restart' | 'command' | 'rejoin' | 'bystander' }
  | { type: 'endThread' }
  | { type: 'hold' }
  | { type: 'exhausted' }
  | { type: 'quarantine' }
  /** failed: it crashed with what was applied. */
  | { type: 'rollBack'; failed: boolean }
  | { type: 'capture' }
  | { type: 'decide' }
  | { type: 'act'; plan: 'repair' | 'restore' }
  | { type: 'propose' }
  | { type: 'apply' }
  | { type: 'probe' }
  | { type: 'recovered' }
  | { type: 'steady' }
  | { type: 'parked' }

/** 2^n of backoffMs, capped, varied by the jitter. Milliseconds. */
export function backoffDelay(
  context: Pick<LifecycleContext, 'failures' | 'backoffMs' | 'backoffMaxMs' | 'jitter' | 'random'>,
): number {
  const plain = Math.min(context.backoffMaxMs, context.backoffMs * 2 ** Math.max(0, context.failures - 1))
  return Math.round(plain * (1 + context.jitter * (context.random() * 2 - 1)))
}

const lifecycle = setup({
  types: {
    context: {} as LifecycleContext,
    events: {} as LifecycleEvent,
    input: {} as LifecycleInput,
    emitted: {} as Effect,
  },
  guards: {
    isPermanent: ({ event }) => event.type === 'CRASHED' && event.permanent,
    healsByPlaybook: ({ event }) => event.type === 'CRASHED' && event.known,
    /** The restart budget: 1 + max starts until the kernel has been steady. */
    restartsLeft: ({ context }) => context.starts <= context.max && context.failures < context.max,
    attemptsLeft: ({ context, event }) =>
      context.attempts < context.maxAttempts || (event.type === 'REPAIR' && event.byPerson === true),
    restoreLeft: ({ context }) => !context.restored,
    isDue: ({ context }) => context.due,
    parks: ({ event }) => event.type === 'DECIDED' && event.plan === 'park',
    resumesAt: ({ event }, at: ResumePoint) => event.type === 'RESUME' && event.at === at,
  },
  actions: {
    countFailure: assign({ failures: ({ context }) => context.failures + 1 }),
    countStart: assign({ starts: ({ context }) => context.starts + 1 }),
    countAttempt: assign({ attempts: ({ context }) => context.attempts + 1 }),
    countRestore: assign({ restored: true }),
    sayExhausted: emit({ type: 'exhausted' }),
    takePolicy: assign(
      ({ event }) => (event.type === 'RESTART' || event.type === 'REJOIN' ? event.policy : undefined) ?? {},
    ),
    waitForStable: assign({ due: false }),
    markDue: assign({ due: true }),
    forgetFailures: assign({ failures: 0, starts: 0, attempts: 0, restored: false }),
  },
  delays: {
    stableMs: ({ context }) => context.stableMs,
    backoff: ({ context }) => backoffDelay(context),
    // The repair itself ends first, and says with what; this holds where it does not come back at all.
    repairTimeoutMs: ({ context }) => Math.min(limits.timerMs, context.repairTimeoutMs + limits.repairEndMs),
  },
})

const restartReasons: { readonly [type: string]: 'command' | 'bystander' } = {
  RESTART: 'command',
  STEP_BACK: 'bystander',
}

/** What a crash means while the budget rules. A rejoined instance has a budget of none; elsewhere no thread runs. */
const crashed: {
  guard?: 'healsByPlaybook' | 'isPermanent' | 'restartsLeft'
  target: '#instance.failed' | '#instance.restarting'
  actions: ('countFailure' | 'sayExhausted')[]
}[] = [
  { guard: 'healsByPlaybook', target: '#instance.failed', actions: ['countFailure'] },
  { guard: 'isPermanent', target: '#instance.failed', actions: ['countFailure'] },
  { guard: 'restartsLeft', target: '#instance.restarting', actions: ['countFailure'] },
  { target: '#instance.failed', actions: ['countFailure', 'sayExhausted'] },
]

export const lifecycleMachine = lifecycle.createMachine({
  id: 'instance',
  initial: 'stopped',
  context: ({ input }) => ({
    ...input,
    failures: input.failures ?? 0,
    starts: input.starts ?? 0,
    attempts: input.attempts ?? 0,
    restored: input.restored ?? false,
    due: false,
  }),
  states: {
    stopped: {
      on: {
        START: { target: 'starting', actions: 'countStart' },
        RESUME: [
          { guard: { type: 'resumesAt', params: 'failed' }, target: 'failed' },
          { guard: { type: 'resumesAt', params: 'waiting' }, target: 'failed.deciding' },
          { guard: { type: 'resumesAt', params: 'parked' }, target: 'quarantined.parked' },
          { guard: { type: 'resumesAt', params: 'rejoin' }, target: 'rejoined' },
          { target: 'starting', actions: 'countStart' },
        ],
      },
    },
    starting: {
      entry: emit({ type: 'boot', reason: 'first' }),
      on: { READY: 'running', CRASHED: crashed, QUARANTINE: 'quarantined.parked', STOP: 'stopping' },
    },
    running: {
      initial: 'settling',
      on: {
        RESTART: { target: 'restarting.booting', actions: 'takePolicy' },
        STEP_ASIDE: 'restarting.aside',
        CRASHED: crashed,
        QUARANTINE: 'quarantined.parked',
        STOP: 'stopping',
      },
      states: {
        // A thread that hangs has been `running` too, until that is found out: so it is asked, and must answer.
        settling: {
          entry: 'waitForStable',
          after: { stableMs: { actions: ['markDue', emit({ type: 'probe' })] } },
          on: { ALIVE: { guard: 'isDue', target: 'steady', actions: ['forgetFailures', emit({ type: 'steady' })] } },
        },
        steady: {},
      },
    },
    restarting: {
      entry: emit({ type: 'hold' }),
      on: { CRASHED: crashed, QUARANTINE: 'quarantined.parked', STOP: 'stopping' },
      initial: 'backingOff',
      states: {
        backingOff: {
          after: { backoff: { target: 'booting', actions: 'countStart' } },
        },
        aside: { entry: emit({ type: 'endThread' }), on: { STEP_BACK: 'booting' } },
        // A start as a bystander, or by command, is not charged to the budget.
        booting: {
          entry: emit(({ event }) => ({ type: 'boot' as const, reason: restartReasons[event.type] ?? 'restart' })),
          on: { READY: '#instance.running' },
        },
      },
    },
    failed: {
      initial: 'capturing',
      on: { PARK: 'quarantined.parked' },
      states: {
        capturing: { entry: emit({ type: 'capture' }), on: { CAPTURED: 'deciding' } },
        deciding: {
          entry: emit({ type: 'decide' }),
          on: {
            DECIDED: [
              { guard: 'parks', target: '#instance.quarantined.parked' },
              { target: '#instance.quarantined.waiting' },
            ],
          },
        },
      },
    },
    quarantined: {
      entry: emit({ type: 'quarantine' }),
      initial: 'waiting',
      on: {
        REPAIR: [
          { guard: 'attemptsLeft', target: 'repairing', actions: ['countAttempt', emit({ type: 'propose' })] },
          { target: '.parked' },
        ],
        REJOIN: { target: 'rejoined', actions: 'takePolicy' },
      },
      states: {
        waiting: {
          entry: emit(({ event }) => ({
            type: 'act' as const,
            plan: event.type === 'DECIDED' && event.plan === 'restore' ? 'restore' : 'repair',
          })),
          on: {
            RESTORE: [
              { guard: 'restoreLeft', target: '#instance.repairing.applying', actions: 'countRestore' },
              { target: 'parked' },
            ],
            PARK: 'parked',
          },
        },
        parked: { entry: emit({ type: 'parked' }) },
      },
    },
    repairing: {
      initial: 'proposing',
      after: { repairTimeoutMs: 'quarantined.parked' },
      on: { EXHAUSTED: 'quarantined.parked', PARK: 'quarantined.parked' },
      states: {
        proposing: { on: { PROPOSED: 'verifying' } },
        verifying: { on: { REFUSED: 'proposing', VERIFIED: 'applying' } },
        // REFUSED: a step of the remedy failed, and it is taken back.
        applying: {
          entry: emit({ type: 'apply' }),
          on: { APPLIED: '#instance.rejoined', REFUSED: { target: 'proposing', actions: emit({ type: 'propose' }) } },
        },
      },
    },
    rejoined: {
      initial: 'booting',
      on: {
        CRASHED: { target: 'failed', actions: emit({ type: 'rollBack', failed: true }) },
        QUARANTINE: { target: 'quarantined.parked', actions: emit({ type: 'rollBack', failed: false }) },
        STOP: 'stopping',
      },
      states: {
        booting: { entry: emit({ type: 'boot', reason: 'rejoin' }), on: { READY: 'probation' } },
        probation: {
          entry: 'waitForStable',
          after: { stableMs: { actions: ['markDue', emit({ type: 'probe' })] } },
          on: {
            ALIVE: {
              guard: 'isDue',
              target: '#instance.running.steady',
              actions: ['forgetFailures', emit({ type: 'recovered' })],
            },
          },
        },
      },
    },
    stopping: {
      entry: emit({ type: 'endThread' }),
      on: { ENDED: 'stopped', CRASHED: 'stopped' },
    },
  },
})
