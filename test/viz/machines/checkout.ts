/** A wizard: guards decide which step is next, and passing states (always) skip those that are not needed. */
import { and, assign, fromPromise, not, setup } from 'xstate'

export const checkout = setup({
  types: {
    context: {} as { items: number; isDigital: boolean; hasAddress: boolean; coupon?: string; orderId?: string },
    events: {} as
      | { type: 'NEXT' | 'BACK' | 'PAY' | 'EDIT_CART' }
      | { type: 'ADDRESS_GIVEN' }
      | { type: 'COUPON_ENTERED'; code: string },
  },
  actors: { charge: fromPromise(async () => 'order-1') },
  actions: {
    takeAddress: assign({ hasAddress: true }),
    takeCoupon: assign(({ event }) => (event.type === 'COUPON_ENTERED' ? { coupon: event.code } : {})),
    sendReceipt: () => {},
    sayDeclined: () => {},
  },
  guards: {
    isEmpty: ({ context }) => context.items === 0,
    isDigital: ({ context }) => context.isDigital,
    hasAddress: ({ context }) => context.hasAddress,
  },
}).createMachine({
  id: 'checkout',
  context: { items: 2, isDigital: false, hasAddress: false },
  initial: 'cart',
  states: {
    cart: {
      on: {
        NEXT: { guard: not('isEmpty'), target: 'buying' },
        COUPON_ENTERED: { actions: 'takeCoupon' },
      },
    },
    buying: {
      initial: 'whichStep',
      on: { EDIT_CART: 'cart' },
      states: {
        whichStep: {
          always: [
            { guard: 'isDigital', target: 'payment' },
            { guard: and(['hasAddress', not('isDigital')]), target: 'delivery' },
            { target: 'address' },
          ],
        },
        address: {
          on: {
            ADDRESS_GIVEN: { actions: 'takeAddress' },
            NEXT: { guard: 'hasAddress', target: 'delivery' },
          },
        },
        delivery: { on: { NEXT: 'payment', BACK: 'address' } },
        payment: { on: { PAY: 'charging', BACK: { guard: not('isDigital'), target: 'delivery' } } },
        charging: {
          invoke: {
            src: 'charge',
            onDone: { target: 'paid', actions: assign({ orderId: ({ event }) => event.output }) },
            onError: { target: 'payment', actions: 'sayDeclined' },
          },
        },
        paid: { type: 'final' },
      },
      onDone: { target: 'thanks', actions: 'sendReceipt' },
    },
    thanks: { type: 'final' },
  },
})
