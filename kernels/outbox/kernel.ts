/**
 * Keeps messages until they can be delivered: each is a file, on disk before its sender is told so. The webhooks' route
 * leads here while they are away, and `flush` (told by the scheduler) hands them what has come together, oldest first.
 * A message is handed over at least once: after a crash at the wrong moment twice, under the same id.
 */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { refusal, shown } from './files.ts'
import { type Flushed, type Message, Outbox, type OutboxConfig, type OutboxState } from './outbox.ts'

const kernel = defineKernel({
  start(ctx: KernelContext<OutboxState, OutboxConfig>) {
    const outbox = new Outbox(ctx)
    return {
      api: {
        /** Takes what the webhooks take; returns when it is on disk. */
        send: (message: Message): { id: string; status: 'kept' } => ({ id: outbox.send(message), status: 'kept' }),
        /** Messages that wait. */
        pending: (): number => outbox.pending(),
        /** Hands over up to `limit` messages (1 to 1000, default 100), oldest first. `why`: what ended it early. */
        flush(limit = 100): Promise<Flushed> {
          if (Number.isSafeInteger(limit) && limit >= 1 && limit <= 1000) return outbox.flush(limit)
          throw refusal('INVALID_ARGUMENT', `limit must be 1 to 1000. Got: ${shown(limit)}`)
        },
        /** Counts since ever, what waits, and what was set aside. */
        stats: () => outbox.stats(),
      },
      snapshot: (): OutboxState => outbox.state(),
    }
  },
})
export default kernel
export type OutboxApi = KernelApi<typeof kernel>
