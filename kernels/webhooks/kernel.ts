/**
 * Delivers messages over HTTP: posts them, signed with a secret of the vault, and tries again where that may help. Only
 * hosts on the list are ever spoken to, and a redirect is not followed. A message may arrive twice (an answer can be
 * lost), so each carries an id by which its receiver knows it again. What could not be delivered is the caller's again:
 * nothing is kept here, the outbox does that.
 */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { Courier, type Sent, type WebhooksConfig, type WebhooksState } from './courier.ts'
import type { Message } from './delivery.ts'

const kernel = defineKernel({
  start(ctx: KernelContext<WebhooksState, WebhooksConfig>) {
    const courier = new Courier(ctx)
    return {
      api: {
        /** Returns when the receiver has taken the message. */
        send: (message: Message): Promise<Sent> => courier.send(message),
        /** The host that a message to this URL would go to; an error says why it would go nowhere. */
        host: (to: string): string => courier.target(to).host,
        /** Counts since ever, and the last 50 deliveries. `refused`: never sent. */
        stats: () => courier.stats(),
      },
      snapshot: (): WebhooksState => courier.state(),
    }
  },
})
export default kernel
export type Webhooks = KernelApi<typeof kernel>
