/** History: the player wakes where it slept, in full (deep) or to its screen only (shallow). */
import { assign, setup } from 'xstate'

export const mediaPlayer = setup({
  types: {
    context: {} as { track: number; tracks: number; volume: number },
    events: {} as
      | { type: 'PLAY' | 'PAUSE' | 'STOP' | 'NEXT' | 'POWER' | 'WAKE' | 'RESET' }
      | { type: 'TRACK_ENDED' | 'SHUFFLE' | 'REPEAT' | 'AD_BREAK' | 'AD_OVER' },
  },
  actions: { nextTrack: assign({ track: ({ context }) => context.track + 1 }), rewind: assign({ track: 0 }) },
  guards: { isLast: ({ context }) => context.track + 1 >= context.tracks },
}).createMachine({
  id: 'player',
  context: { track: 0, tracks: 3, volume: 40 },
  initial: 'off',
  states: {
    off: { on: { POWER: 'on', WAKE: 'on.asItWas', RESET: 'on.sameScreen' } },
    on: {
      initial: 'stopped',
      on: { POWER: 'off', AD_BREAK: 'advert' },
      states: {
        stopped: { entry: 'rewind', on: { PLAY: 'playing' } },
        playing: {
          initial: 'inOrder',
          on: {
            PAUSE: 'paused',
            STOP: 'stopped',
            TRACK_ENDED: [{ guard: 'isLast', target: 'stopped' }, { actions: 'nextTrack' }],
          },
          states: {
            inOrder: { on: { SHUFFLE: 'shuffled', REPEAT: 'repeated' } },
            shuffled: { on: { SHUFFLE: 'inOrder' } },
            repeated: { on: { REPEAT: 'inOrder' } },
          },
        },
        paused: { on: { PLAY: 'playing', STOP: 'stopped' } },
        asItWas: { type: 'history', history: 'deep', target: 'stopped' },
        sameScreen: { type: 'history', target: 'paused' },
      },
    },
    advert: { on: { AD_OVER: 'on.asItWas' }, after: { 30000: 'on.asItWas' } },
  },
})
