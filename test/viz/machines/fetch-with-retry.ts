/** An invoked promise, tried again with a growing delay until the tries are spent. */
import { assign, fromPromise, setup } from 'xstate'

interface Weather {
  readonly celsius: number
}

export const fetchWithRetry = setup({
  types: {
    context: {} as { city: string; tries: number; weather?: Weather; reason?: string },
    events: {} as { type: 'SEARCH'; city: string } | { type: 'CANCEL' } | { type: 'RETRY' },
  },
  actors: {
    loadWeather: fromPromise<Weather, { city: string }>(async ({ input }) => ({ celsius: input.city.length })),
  },
  actions: {
    takeCity: assign(({ event }) => (event.type === 'SEARCH' ? { city: event.city, tries: 0 } : {})),
    countTry: assign({ tries: ({ context }) => context.tries + 1 }),
    forgetTries: assign({ tries: 0 }),
  },
  guards: { triesLeft: ({ context }) => context.tries < 4 },
  delays: { backoff: ({ context }) => 500 * 2 ** context.tries, tooLong: 10_000 },
}).createMachine({
  id: 'weather',
  context: { city: '', tries: 0 },
  initial: 'idle',
  states: {
    idle: { on: { SEARCH: { target: 'loading', actions: 'takeCity' } } },
    loading: {
      entry: 'countTry',
      invoke: {
        src: 'loadWeather',
        input: ({ context }) => ({ city: context.city }),
        onDone: { target: 'shown', actions: assign({ weather: ({ event }) => event.output }) },
        onError: [
          { guard: 'triesLeft', target: 'waiting' },
          { target: 'failed', actions: assign({ reason: ({ event }) => String(event.error) }) },
        ],
      },
      on: { CANCEL: 'idle' },
      after: { tooLong: { target: 'failed', actions: assign({ reason: 'no answer' }) } },
    },
    waiting: { after: { backoff: 'loading' }, on: { CANCEL: 'idle' } },
    shown: { on: { SEARCH: { target: 'loading', actions: 'takeCity' } } },
    failed: { on: { RETRY: { target: 'loading', actions: 'forgetTries' } } },
  },
})
