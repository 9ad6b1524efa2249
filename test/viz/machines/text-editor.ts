/** Parallel regions: every attribute of the text is on or off by itself, and the document is saved meanwhile. */
import { fromPromise, setup } from 'xstate'

export const textEditor = setup({
  types: {
    events: {} as
      | { type: 'TOGGLE_BOLD' | 'TOGGLE_ITALICS' | 'TOGGLE_UNDERLINE' }
      | { type: 'LIST_BULLETS' | 'LIST_NUMBERS' | 'LIST_NONE' }
      | { type: 'TYPED' | 'SAVE' | 'RESET_ALL' },
  },
  actors: { saveDocument: fromPromise(async () => 'saved') },
  actions: { showError: () => {} },
}).createMachine({
  id: 'editor',
  type: 'parallel',
  on: { RESET_ALL: { target: ['.bold.off', '.italics.off', '.underline.off', '.list.none'] } },
  states: {
    bold: {
      initial: 'off',
      states: { on: { on: { TOGGLE_BOLD: 'off' } }, off: { on: { TOGGLE_BOLD: 'on' } } },
    },
    italics: {
      initial: 'off',
      states: { on: { on: { TOGGLE_ITALICS: 'off' } }, off: { on: { TOGGLE_ITALICS: 'on' } } },
    },
    underline: {
      initial: 'off',
      states: { on: { on: { TOGGLE_UNDERLINE: 'off' } }, off: { on: { TOGGLE_UNDERLINE: 'on' } } },
    },
    list: {
      initial: 'none',
      states: {
        none: { on: { LIST_BULLETS: 'bullets', LIST_NUMBERS: 'numbers' } },
        bullets: { on: { LIST_NONE: 'none', LIST_NUMBERS: 'numbers' } },
        numbers: { on: { LIST_BULLETS: 'bullets', LIST_NONE: 'none' } },
      },
    },
    document: {
      initial: 'saved',
      states: {
        saved: { on: { TYPED: 'changed' } },
        changed: { on: { SAVE: 'saving', TYPED: { target: 'changed', reenter: true } }, after: { 5000: 'saving' } },
        saving: {
          invoke: {
            src: 'saveDocument',
            onDone: 'saved',
            onError: { target: 'changed', actions: 'showError' },
          },
        },
      },
    },
  },
})
