/** The dense one: every state that a subscription can be in, and nearly every way from each to each. */
import { assign, fromPromise, setup } from 'xstate'

export const subscription = setup({
  types: {
    context: {} as { failures: number; seats: number; strikes: number },
    events: {} as
      | { type: 'SIGN_UP' | 'START_TRIAL' | 'CONVERT' | 'CARD_ADDED' | 'CARD_EXPIRED' | 'PERIOD_ENDED' | 'PAID' }
      | { type: 'UPGRADE' | 'DOWNGRADE' | 'SEATS_CHANGED' | 'PAUSE' | 'RESUME' | 'CANCEL' | 'UNDO_CANCEL' }
      | { type: 'DISPUTED' | 'DISPUTE_WON' | 'DISPUTE_LOST' | 'ABUSE' | 'APPEAL_GRANTED' | 'ERASE' | 'CONFIRMED' },
  },
  actors: { charge: fromPromise(async () => 'paid'), migrate: fromPromise(async () => 'moved') },
  actions: {
    countFailure: assign({ failures: ({ context }) => context.failures + 1 }),
    forgetFailures: assign({ failures: 0 }),
    mail: (_, _params: { template: string }) => {},
    prorate: () => {},
  },
  guards: {
    triesLeft: ({ context }) => context.failures < 3,
    mayUpgrade: ({ context }) => context.seats < 500,
    isRepeatOffender: ({ context }) => context.strikes > 2,
  },
  delays: { trial: 1_209_600_000, grace: 259_200_000, retention: 2_592_000_000 },
}).createMachine({
  id: 'subscription',
  context: { failures: 0, seats: 1, strikes: 0 },
  initial: 'visitor',
  states: {
    visitor: { on: { SIGN_UP: 'unconfirmed' } },
    unconfirmed: { on: { CONFIRMED: 'free', ERASE: 'erased' }, after: { trial: 'erased' } },
    free: { on: { START_TRIAL: 'trialing', CARD_ADDED: 'charging', ERASE: 'erased', ABUSE: 'suspended' } },
    trialing: {
      on: { CONVERT: 'charging', CANCEL: 'free', ABUSE: 'suspended' },
      after: { trial: 'trialEnded' },
    },
    trialEnded: {
      entry: { type: 'mail', params: { template: 'trialEnded' } },
      on: { CARD_ADDED: 'charging', CANCEL: 'free' },
    },
    charging: {
      invoke: {
        src: 'charge',
        onDone: { target: 'active', actions: 'forgetFailures' },
        onError: [{ guard: 'triesLeft', target: 'pastDue', actions: 'countFailure' }, { target: 'unpaid' }],
      },
    },
    active: {
      initial: 'monthly',
      states: {
        monthly: { on: { UPGRADE: { guard: 'mayUpgrade', target: 'changingPlan', actions: 'prorate' } } },
        yearly: { on: { DOWNGRADE: { target: 'changingPlan', actions: 'prorate' } } },
        changingPlan: { invoke: { src: 'migrate', onDone: 'yearly', onError: 'monthly' } },
      },
      on: {
        SEATS_CHANGED: { actions: 'prorate' },
        PERIOD_ENDED: 'charging',
        PAUSE: 'paused',
        CANCEL: 'ending',
        DISPUTED: 'disputed',
        CARD_EXPIRED: 'pastDue',
        ABUSE: [{ guard: 'isRepeatOffender', target: 'banned' }, { target: 'suspended' }],
      },
    },
    paused: { on: { RESUME: 'charging', CANCEL: 'ending' }, after: { retention: 'ending' } },
    pastDue: { on: { CARD_ADDED: 'charging', PAID: 'active', CANCEL: 'ending' }, after: { grace: 'charging' } },
    unpaid: { on: { CARD_ADDED: 'charging', CANCEL: 'cancelled' }, after: { retention: 'cancelled' } },
    ending: { on: { UNDO_CANCEL: 'active', PERIOD_ENDED: 'cancelled' } },
    cancelled: { on: { CONVERT: 'charging', ERASE: 'erased' }, after: { retention: 'erased' } },
    disputed: { on: { DISPUTE_WON: 'active', DISPUTE_LOST: 'suspended' } },
    suspended: { on: { APPEAL_GRANTED: 'free', ABUSE: 'banned' }, after: { retention: 'banned' } },
    banned: { on: { ERASE: 'erased' } },
    erased: { type: 'final' },
  },
})
