/**
 * The supervisor as an actor: it owns the instances' actors, boots them level by level (a level when the one below has
 * settled, in service or not) and stops them in reverse. What becomes of one instance is its own chart's business.
 */
import { type ActorRefFrom, assign, setup } from 'xstate'
import type { FleetSpec } from '../base/spec.ts'
import { type LifecycleEvent, type LifecycleInput, lifecycleMachine } from '../lifecycle/machine.ts'

type Child = ActorRefFrom<typeof lifecycleMachine>

export interface Member {
  readonly id: string
  readonly input: LifecycleInput
  /** What brings it to where an earlier process left it; START for a new one. */
  readonly first: LifecycleEvent
}

export interface SupervisorInput {
  readonly levels: FleetSpec['levels']
  readonly members: readonly Member[]
  /** Called for each instance's actor before it gets its first event, so that its effects are heard from the start. */
  readonly adopt: (id: string, ref: Child) => void
}

interface SupervisorContext extends SupervisorInput {
  readonly children: ReadonlyMap<string, Child>
  /** Index of the level that is being booted or stopped. */
  readonly level: number
}

type SupervisorEvent = { type: 'BOOT' } | { type: 'STOP' } | { type: `xstate.snapshot.${string}` }

const settledStates = ['running', 'quarantined', 'repairing', { rejoined: 'probation' }] as const
const endedStates = ['stopped', 'failed', 'quarantined', 'repairing'] as const

function members({ children, levels, level }: SupervisorContext): Child[] {
  return (levels[level] ?? []).map((id) => children.get(id)).filter((child) => child !== undefined)
}

export function isSettled(snapshot: ReturnType<Child['getSnapshot']>): boolean {
  return settledStates.some((state) => snapshot.matches(state))
}

function hasNoThread(snapshot: ReturnType<Child['getSnapshot']>): boolean {
  return endedStates.some((state) => snapshot.matches(state))
}

function allSettled(context: SupervisorContext): boolean {
  return members(context).every((child) => isSettled(child.getSnapshot()))
}

function allEnded(context: SupervisorContext): boolean {
  return members(context).every((child) => hasNoThread(child.getSnapshot()))
}

export const supervisorMachine = setup({
  types: {
    context: {} as SupervisorContext,
    events: {} as SupervisorEvent,
    input: {} as SupervisorInput,
  },
  actors: { instance: lifecycleMachine },
  guards: {
    allBooted: ({ context }) => allSettled(context) && context.level >= context.levels.length - 1,
    levelSettled: ({ context }) => allSettled(context),
    allEnded: ({ context }) => allEnded(context) && context.level <= 0,
    levelEnded: ({ context }) => allEnded(context),
  },
  actions: {
    spawnAll: assign({
      children: ({ context, spawn }) =>
        new Map(
          context.members.map(({ id, input }) => {
            const child = spawn('instance', { id, input, syncSnapshot: true })
            context.adopt(id, child)
            return [id, child] as const
          }),
        ),
    }),
    startLevel: ({ context }) => {
      for (const id of context.levels[context.level] ?? []) {
        const first = context.members.find((member) => member.id === id)?.first
        if (first !== undefined) context.children.get(id)?.send(first)
      }
    },
    stopLevel: ({ context }) => {
      for (const child of members(context)) child.send({ type: 'STOP' })
    },
    up: assign({ level: ({ context }) => context.level + 1 }),
    down: assign({ level: ({ context }) => context.level - 1 }),
    toTop: assign({ level: ({ context }) => context.levels.length - 1 }),
  },
}).createMachine({
  id: 'supervisor',
  initial: 'off',
  context: ({ input }) => ({ ...input, children: new Map(), level: 0 }),
  // The children's snapshots arrive as events; after each of them the `always` guards look anew.
  states: {
    off: { entry: 'spawnAll', on: { BOOT: 'booting', STOP: 'stopped' } },
    booting: {
      entry: 'startLevel',
      always: [
        { guard: 'allBooted', target: 'serving' },
        { guard: 'levelSettled', target: 'booting', reenter: true, actions: 'up' },
      ],
      on: { STOP: { target: 'stopping', actions: 'toTop' } },
    },
    serving: { on: { STOP: { target: 'stopping', actions: 'toTop' } } },
    stopping: {
      entry: 'stopLevel',
      always: [
        { guard: 'allEnded', target: 'stopped' },
        { guard: 'levelEnded', target: 'stopping', reenter: true, actions: 'down' },
      ],
    },
    stopped: {},
  },
})
