/** Raised events: a region tells another one, within the same step, that it may go on. */
import { and, assign, not, raise, setup, stateIn } from 'xstate'

export const elevator = setup({
  types: {
    context: {} as { floor: number; calls: number[] },
    events: {} as
      | { type: 'CALLED'; floor: number }
      | { type: 'FLOOR_REACHED'; floor: number }
      | { type: 'DOOR_CLOSED' | 'DOOR_BLOCKED' | 'HOLD' | 'OVERLOADED' | 'LIGHTENED' | 'ALARM' | 'INSPECTED' }
      // Raised by the machine itself.
      | { type: 'ARRIVED' | 'DEPART' },
  },
  actions: {
    queueCall: assign(({ context, event }) =>
      event.type === 'CALLED' ? { calls: [...context.calls, event.floor] } : {},
    ),
    noteFloor: assign(({ event }) => (event.type === 'FLOOR_REACHED' ? { floor: event.floor } : {})),
    dropCall: assign(({ context }) => ({ calls: context.calls.filter((floor) => floor !== context.floor) })),
  },
  guards: {
    isCalledHere: ({ context }) => context.calls.includes(context.floor),
    hasCalls: ({ context }) => context.calls.length > 0,
    isAbove: ({ context }) => (context.calls[0] ?? 0) > context.floor,
  },
  delays: { dwell: 5000 },
}).createMachine({
  id: 'elevator',
  context: { floor: 0, calls: [] },
  initial: 'inService',
  on: { CALLED: { actions: 'queueCall' } },
  states: {
    inService: {
      type: 'parallel',
      on: { ALARM: 'halted' },
      states: {
        car: {
          initial: 'standing',
          states: {
            standing: { on: { DEPART: [{ guard: 'isAbove', target: 'rising' }, { target: 'sinking' }] } },
            rising: { tags: 'moving', on: { FLOOR_REACHED: { target: 'passing', actions: 'noteFloor' } } },
            sinking: { tags: 'moving', on: { FLOOR_REACHED: { target: 'passing', actions: 'noteFloor' } } },
            passing: {
              always: [
                { guard: 'isCalledHere', target: 'standing', actions: ['dropCall', raise({ type: 'ARRIVED' })] },
                { guard: 'isAbove', target: 'rising' },
                { target: 'sinking' },
              ],
            },
          },
        },
        doors: {
          initial: 'closed',
          states: {
            closed: {
              on: { ARRIVED: 'open' },
              always: {
                guard: and(['hasCalls', not(stateIn({ inService: { car: 'standing' } }))]),
                target: 'locked',
              },
              after: { 500: { guard: 'hasCalls', actions: raise({ type: 'DEPART' }) } },
            },
            locked: { on: { ARRIVED: 'open' } },
            open: { after: { dwell: 'closing' }, on: { HOLD: { target: 'open', reenter: true }, OVERLOADED: 'held' } },
            held: { on: { LIGHTENED: 'open' } },
            closing: { on: { DOOR_CLOSED: 'closed', DOOR_BLOCKED: 'open' } },
          },
        },
      },
    },
    halted: { entry: 'dropCall', on: { INSPECTED: 'inService', '*': { actions: () => {} } } },
  },
})
