/** Delays, and a state within a state: the pedestrians have their own lights while the cars stand. */
import { assign, setup } from 'xstate'

export const trafficLight = setup({
  types: {
    context: {} as { waiting: number },
    events: {} as { type: 'BUTTON_PRESSED' } | { type: 'POWER_LOST' } | { type: 'POWER_BACK' },
  },
  actions: {
    countPedestrian: assign({ waiting: ({ context }) => context.waiting + 1 }),
    letThemCross: assign({ waiting: 0 }),
  },
  guards: { someoneWaits: ({ context }) => context.waiting > 0 },
  delays: { shortGreen: 8000, crossing: 12_000 },
}).createMachine({
  id: 'trafficLight',
  context: { waiting: 0 },
  initial: 'green',
  on: { POWER_LOST: { target: '.blinking', description: 'The controller runs on its battery.' } },
  states: {
    green: {
      tags: 'cars',
      on: { BUTTON_PRESSED: { actions: 'countPedestrian' } },
      after: {
        shortGreen: { guard: 'someoneWaits', target: 'yellow' },
        30000: 'yellow',
      },
    },
    yellow: { tags: 'cars', after: { 3000: 'red' } },
    red: {
      initial: 'walk',
      states: {
        walk: { entry: 'letThemCross', after: { crossing: 'hurry' } },
        hurry: { description: 'The green man blinks.', after: { 4000: 'stop' } },
        stop: { after: { 2000: 'clear' } },
        clear: { type: 'final' },
      },
      onDone: 'green',
    },
    blinking: { on: { POWER_BACK: 'red' } },
  },
})
