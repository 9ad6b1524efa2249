/** A saga: each step that fails undoes those before it, so edges cross the hierarchy in every direction. */
import { assign, fromPromise, setup } from 'xstate'

const step = fromPromise<string, { orderId: string }>(async ({ input }) => input.orderId)

export const orderSaga = setup({
  types: {
    context: {} as { orderId: string; charged: boolean; shipped: boolean; reason?: string },
    input: {} as { orderId: string } | undefined,
    events: {} as
      | { type: 'PLACED' | 'CANCELLED' | 'PICKED_UP' | 'DELIVERED' | 'RETURNED' | 'LOST' }
      | { type: 'CLERK_APPROVED' | 'CLERK_REFUSED' },
  },
  actors: { reserveStock: step, chargeCard: step, bookCarrier: step, releaseStock: step, refundCard: step },
  actions: {
    noteCharged: assign({ charged: true }),
    noteReason: assign({ reason: ({ event }) => event.type }),
    tellCustomer: (_, _params: { about: string }) => {},
  },
  guards: { wasCharged: ({ context }) => context.charged, needsClerk: ({ context }) => context.orderId.length > 12 },
  delays: { reservationHolds: 900_000 },
}).createMachine({
  id: 'order',
  context: ({ input }) => ({ orderId: input?.orderId ?? 'order-1', charged: false, shipped: false }),
  initial: 'draft',
  states: {
    draft: { on: { PLACED: 'forward' } },
    forward: {
      initial: 'reserving',
      on: { CANCELLED: { target: 'compensating', actions: 'noteReason' } },
      states: {
        reserving: {
          invoke: {
            src: 'reserveStock',
            input: ({ context }) => ({ orderId: context.orderId }),
            onDone: [{ guard: 'needsClerk', target: 'clerk' }, { target: 'charging' }],
            onError: '#order.rejected',
          },
        },
        clerk: {
          on: { CLERK_APPROVED: 'charging', CLERK_REFUSED: '#order.compensating.releasing' },
          after: { reservationHolds: '#order.compensating.releasing' },
        },
        charging: {
          invoke: {
            src: 'chargeCard',
            input: ({ context }) => ({ orderId: context.orderId }),
            onDone: { target: 'booking', actions: 'noteCharged' },
            onError: { target: '#order.compensating.releasing', actions: 'noteReason' },
          },
        },
        booking: {
          invoke: {
            src: 'bookCarrier',
            input: ({ context }) => ({ orderId: context.orderId }),
            onDone: '#order.shipping.packed',
            onError: { target: '#order.compensating.refunding', actions: 'noteReason' },
          },
        },
      },
    },
    shipping: {
      initial: 'packed',
      on: { LOST: 'compensating.refunding' },
      states: {
        packed: { on: { PICKED_UP: 'underWay', CANCELLED: '#order.compensating.refunding' } },
        underWay: { on: { DELIVERED: '#order.fulfilled' } },
      },
    },
    compensating: {
      initial: 'whatFirst',
      entry: { type: 'tellCustomer', params: { about: 'undoing' } },
      states: {
        whatFirst: { always: [{ guard: 'wasCharged', target: 'refunding' }, { target: 'releasing' }] },
        refunding: {
          invoke: {
            src: 'refundCard',
            input: ({ context }) => ({ orderId: context.orderId }),
            onDone: 'releasing',
            onError: '#order.stuck',
          },
        },
        releasing: {
          invoke: {
            src: 'releaseStock',
            input: ({ context }) => ({ orderId: context.orderId }),
            onDone: 'undone',
            onError: '#order.stuck',
          },
        },
        undone: { type: 'final' },
      },
      onDone: 'rejected',
    },
    fulfilled: {
      entry: { type: 'tellCustomer', params: { about: 'thanks' } },
      on: { RETURNED: 'compensating.refunding' },
      after: { 1209600000: 'closed' },
    },
    stuck: {
      description: 'A person must look: money or goods are where they should not be.',
      on: { CLERK_APPROVED: 'compensating', CLERK_REFUSED: 'rejected' },
    },
    rejected: { type: 'final' },
    closed: { type: 'final' },
  },
})
