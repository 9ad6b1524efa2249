/** Wildcards and many transitions of a state to itself: most of what happens changes figures, not the state. */
import { assign, setup } from 'xstate'

export const platformGame = setup({
  types: {
    context: {} as { score: number; lives: number; keys: number; combo: number },
    events: {} as
      | { type: 'PRESS_START' | 'PAUSE' | 'RESUME' | 'QUIT' }
      | { type: 'COIN' | 'KEY_FOUND' | 'HEART' | 'HIT' | 'FELL' | 'FLAG' | 'DOOR' }
      | { type: 'JUMP' | 'LAND' | 'DUCK' | 'STAND' }
      | { type: 'input.left' | 'input.right' | 'input.menu' },
  },
  actions: {
    addCoin: assign({
      score: ({ context }) => context.score + 10 + context.combo,
      combo: ({ context }) => context.combo + 1,
    }),
    addKey: assign({ keys: ({ context }) => context.keys + 1 }),
    addLife: assign({ lives: ({ context }) => context.lives + 1 }),
    loseLife: assign({ lives: ({ context }) => context.lives - 1, combo: 0 }),
    useKey: assign({ keys: ({ context }) => context.keys - 1 }),
    newGame: assign({ score: 0, lives: 3, keys: 0, combo: 0 }),
    moveFigure: () => {},
    noteUnknown: () => {},
  },
  guards: { hasLives: ({ context }) => context.lives > 1, hasKey: ({ context }) => context.keys > 0 },
}).createMachine({
  id: 'game',
  context: { score: 0, lives: 3, keys: 0, combo: 0 },
  initial: 'title',
  states: {
    title: { on: { PRESS_START: { target: 'playing', actions: 'newGame' }, 'input.*': { actions: 'moveFigure' } } },
    playing: {
      initial: 'running',
      on: {
        COIN: { actions: 'addCoin' },
        HEART: { actions: 'addLife' },
        KEY_FOUND: { actions: 'addKey' },
        'input.*': { actions: 'moveFigure' },
        HIT: [{ guard: 'hasLives', target: '.hurt', actions: 'loseLife' }, { target: 'over' }],
        FELL: [{ guard: 'hasLives', target: 'playing', reenter: true, actions: 'loseLife' }, { target: 'over' }],
        DOOR: { guard: 'hasKey', target: 'won', actions: 'useKey' },
        FLAG: 'won',
        PAUSE: 'paused',
        '*': { actions: 'noteUnknown' },
      },
      states: {
        running: { on: { JUMP: 'jumping', DUCK: 'ducking' } },
        jumping: { on: { LAND: 'running', JUMP: { target: 'jumping', reenter: true, description: 'Double jump.' } } },
        ducking: { on: { STAND: 'running' } },
        hurt: { tags: 'invulnerable', on: { HIT: {}, FELL: {} }, after: { 1500: 'running' } },
        lastMove: { type: 'history' },
      },
    },
    paused: { on: { RESUME: 'playing.lastMove', QUIT: 'title', '*': {} } },
    won: { on: { PRESS_START: 'title' } },
    over: { on: { PRESS_START: 'title' }, after: { 10000: 'title' } },
  },
})
