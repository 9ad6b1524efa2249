/** A machine that invokes another: the second factor is a machine of its own, and says what came of it. */
import { assign, fromPromise, sendTo, setup } from 'xstate'

export const secondFactor = setup({
  types: {
    context: {} as { wrong: number },
    events: {} as { type: 'CODE'; code: string } | { type: 'SEND_AGAIN' },
    output: {} as { passed: boolean },
  },
  guards: {
    isRight: ({ event }) => event.type === 'CODE' && event.code === '271828',
    isLastTry: ({ context }) => context.wrong >= 2,
  },
  actions: { sendCode: () => {}, countWrong: assign({ wrong: ({ context }) => context.wrong + 1 }) },
}).createMachine({
  id: 'secondFactor',
  context: { wrong: 0 },
  initial: 'waiting',
  output: ({ context }) => ({ passed: context.wrong < 3 }),
  states: {
    waiting: {
      entry: 'sendCode',
      on: {
        CODE: [
          { guard: 'isRight', target: 'passed' },
          { guard: 'isLastTry', target: 'refused', actions: 'countWrong' },
          { actions: 'countWrong' },
        ],
        SEND_AGAIN: { target: 'waiting', reenter: true },
      },
      after: { 120000: 'refused' },
    },
    passed: { type: 'final' },
    refused: { type: 'final' },
  },
})

export const signIn = setup({
  types: {
    context: {} as { user?: string },
    events: {} as
      | { type: 'SUBMIT'; user: string; password: string }
      | { type: 'CODE'; code: string }
      | { type: 'SIGN_OUT' | 'FORGOT' | 'BACK' },
  },
  actors: {
    checkPassword: fromPromise<{ needsCode: boolean }, { password: string }>(async ({ input }) => ({
      needsCode: input.password.length < 12,
    })),
    secondFactor,
  },
  actions: {
    takeUser: assign(({ event }) => (event.type === 'SUBMIT' ? { user: event.user } : {})),
    forgetUser: assign({ user: undefined }),
    passOn: sendTo('factor', ({ event }) => event as { type: 'CODE'; code: string }),
  },
}).createMachine({
  id: 'signIn',
  context: {},
  initial: 'signedOut',
  states: {
    signedOut: {
      initial: 'form',
      states: {
        form: { on: { FORGOT: 'resetting' } },
        resetting: { description: 'A link was sent by mail.', on: { BACK: 'form' } },
        rejected: { on: { BACK: 'form' } },
      },
      on: { SUBMIT: { target: 'checking', actions: 'takeUser' } },
    },
    checking: {
      tags: 'busy',
      invoke: {
        src: 'checkPassword',
        input: ({ event }) => ({ password: event.type === 'SUBMIT' ? event.password : '' }),
        onDone: [{ guard: ({ event }) => event.output.needsCode, target: 'secondStep' }, { target: 'signedIn' }],
        onError: 'signedOut.rejected',
      },
    },
    secondStep: {
      invoke: {
        id: 'factor',
        src: 'secondFactor',
        onDone: [{ guard: ({ event }) => event.output.passed, target: 'signedIn' }, { target: 'signedOut.rejected' }],
        onError: 'signedOut.rejected',
      },
      on: { CODE: { actions: 'passOn' }, BACK: 'signedOut' },
    },
    signedIn: { exit: 'forgetUser', on: { SIGN_OUT: 'signedOut' }, after: { 1800000: 'signedOut' } },
  },
})

export default signIn
