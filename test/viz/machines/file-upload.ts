/** An actor is spawned for every file that is dropped; the machine counts what they report. */
import { assign, enqueueActions, fromCallback, setup, spawnChild, stopChild } from 'xstate'

type UploadEvent =
  | { type: 'FILES_DROPPED'; names: string[] }
  | { type: 'FILE.PROGRESS'; name: string; bytes: number }
  | { type: 'FILE.DONE'; name: string }
  | { type: 'FILE.FAILED'; name: string }
  | { type: 'CANCEL' | 'RETRY' | 'OFFLINE' | 'ONLINE' }

export const fileUpload = setup({
  types: {
    context: {} as { pending: string[]; failed: string[]; bytes: number },
    events: {} as UploadEvent,
  },
  actors: {
    uploader: fromCallback<{ type: 'ABORT' }, { name: string }>(({ input, sendBack }) => {
      sendBack({ type: 'FILE.PROGRESS', name: input.name, bytes: 1 } satisfies UploadEvent)
    }),
    networkWatch: fromCallback(() => () => {}),
  },
  actions: {
    startUploads: enqueueActions(({ enqueue, event }) => {
      if (event.type !== 'FILES_DROPPED') return
      for (const name of event.names) enqueue.spawnChild('uploader', { id: name, input: { name } })
      enqueue.assign(({ context }) => ({ pending: [...context.pending, ...event.names] }))
    }),
    settleFile: assign(({ context, event }) =>
      event.type === 'FILE.DONE' ? { pending: context.pending.filter((name) => name !== event.name) } : {},
    ),
    markFailed: assign(({ context, event }) =>
      event.type === 'FILE.FAILED'
        ? {
            pending: context.pending.filter((name) => name !== event.name),
            failed: [...context.failed, event.name],
          }
        : {},
    ),
    addBytes: assign(({ context, event }) =>
      event.type === 'FILE.PROGRESS' ? { bytes: context.bytes + event.bytes } : {},
    ),
    abortAll: enqueueActions(({ enqueue, context }) => {
      for (const name of context.pending) enqueue.stopChild(name)
      enqueue.assign({ pending: [] })
    }),
    retryFailed: assign(({ context, spawn }) => {
      for (const name of context.failed) spawn('uploader', { id: `${name} again`, input: { name } })
      return { pending: context.failed, failed: [] }
    }),
  },
  guards: {
    allSettled: ({ context }) => context.pending.length === 0,
    someFailed: ({ context }) => context.failed.length > 0,
  },
}).createMachine({
  id: 'upload',
  context: { pending: [], failed: [], bytes: 0 },
  initial: 'empty',
  entry: spawnChild('networkWatch', { id: 'network' }),
  exit: stopChild('network'),
  states: {
    empty: { on: { FILES_DROPPED: { target: 'uploading', actions: 'startUploads' } } },
    uploading: {
      initial: 'sending',
      states: {
        sending: { on: { OFFLINE: 'stalled' } },
        stalled: { on: { ONLINE: 'sending' }, after: { 60000: '#upload.interrupted' } },
      },
      on: {
        FILES_DROPPED: { actions: 'startUploads' },
        'FILE.PROGRESS': { actions: 'addBytes' },
        'FILE.DONE': { target: 'counting', actions: 'settleFile' },
        'FILE.FAILED': { target: 'counting', actions: 'markFailed' },
        CANCEL: { target: 'empty', actions: 'abortAll' },
      },
    },
    counting: {
      always: [{ guard: 'allSettled', target: 'settled' }, { target: 'uploading' }],
    },
    settled: {
      initial: 'judging',
      states: {
        judging: { always: [{ guard: 'someFailed', target: 'withFailures' }, { target: 'complete' }] },
        complete: { tags: 'success' },
        withFailures: { on: { RETRY: { target: '#upload.uploading', actions: 'retryFailed' } } },
      },
      on: { FILES_DROPPED: { target: 'uploading', actions: 'startUploads' } },
    },
    interrupted: { on: { RETRY: { target: 'uploading', actions: 'retryFailed' }, CANCEL: 'empty' } },
  },
})
