/** Four levels deep: a form, its pages, the fields of a page, and what is known of a field. */
import { assign, fromPromise, setup } from 'xstate'

export const signupForm = setup({
  types: {
    context: {} as { email: string; password: string; errors: string[] },
    events: {} as
      | { type: 'EMAIL_TYPED'; text: string }
      | { type: 'PASSWORD_TYPED'; text: string }
      | { type: 'EMAIL_LEFT' | 'PASSWORD_LEFT' | 'CONTINUE' | 'BACK' | 'SUBMIT' | 'DISCARD' | 'PLAN_CHOSEN' },
  },
  actors: {
    checkEmail: fromPromise<boolean, string>(async ({ input }) => input.includes('@')),
    createAccount: fromPromise(async () => 'account-1'),
  },
  actions: {
    takeEmail: assign(({ event }) => (event.type === 'EMAIL_TYPED' ? { email: event.text } : {})),
    takePassword: assign(({ event }) => (event.type === 'PASSWORD_TYPED' ? { password: event.text } : {})),
    showErrors: assign({ errors: ['The account could not be made.'] }),
  },
  guards: {
    isLongEnough: ({ context }) => context.password.length >= 12,
    isFree: ({ event }) => 'output' in event && event.output === true,
  },
}).createMachine({
  id: 'signup',
  context: { email: '', password: '', errors: [] },
  initial: 'editing',
  states: {
    editing: {
      initial: 'account',
      on: { DISCARD: 'discarded' },
      states: {
        account: {
          type: 'parallel',
          on: { CONTINUE: 'plan' },
          states: {
            email: {
              initial: 'pristine',
              on: { EMAIL_TYPED: { target: '.typing', actions: 'takeEmail' } },
              states: {
                pristine: {},
                typing: { on: { EMAIL_LEFT: 'checking' }, after: { 800: 'checking' } },
                checking: {
                  invoke: {
                    src: 'checkEmail',
                    input: ({ context }) => context.email,
                    onDone: [{ guard: 'isFree', target: 'valid' }, { target: 'taken' }],
                    onError: 'typing',
                  },
                },
                valid: { tags: 'ok' },
                taken: { tags: 'wrong' },
              },
            },
            password: {
              initial: 'pristine',
              on: { PASSWORD_TYPED: { target: '.typing', actions: 'takePassword' } },
              states: {
                pristine: {},
                typing: {
                  on: { PASSWORD_LEFT: [{ guard: 'isLongEnough', target: 'valid' }, { target: 'tooShort' }] },
                },
                valid: { tags: 'ok' },
                tooShort: { tags: 'wrong' },
              },
            },
          },
        },
        plan: { on: { PLAN_CHOSEN: 'review', BACK: 'account' } },
        review: { on: { SUBMIT: '#signup.sending', BACK: 'plan' } },
        lastPage: { type: 'history', history: 'deep', target: 'account' },
      },
    },
    sending: {
      invoke: {
        src: 'createAccount',
        onDone: 'created',
        onError: { target: 'editing.lastPage', actions: 'showErrors' },
      },
    },
    created: { type: 'final' },
    discarded: { type: 'final' },
  },
})
