import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { backoff, type RetryConfig } from './backoff.ts'

interface MailConfig {
  sender: { address: string; name?: string }
  retry: RetryConfig
}
interface Mail {
  id: string
  to: string
  subject: string
  failures: string[]
}

export default defineKernel({
  start(ctx: KernelContext<Mail[], MailConfig>) {
    const { sender, retry } = ctx.config
    const delays = backoff(retry)
    const queue = new Map((ctx.restored ?? []).map((mail) => [mail.id, mail]))

    function mailOf(id: string): Mail {
      const mail = queue.get(id)
      if (mail === undefined) throw new Error(`no mail ${id} is queued`)
      return mail
    }

    return {
      api: {
        enqueue(id: string, to: string, subject: string) {
          if (!to.includes('@')) throw new Error(`${to} is no address`)
          queue.set(id, { id, to, subject, failures: [] })
          return queue.size
        },
        /** Milliseconds until the next attempt; null where it is given up. */
        failed(id: string, reason: string): number | null {
          const mail = mailOf(id)
          mail.failures.push(reason)
          return delays[mail.failures.length - 1] ?? null
        },
        status(id: string) {
          const { failures } = mailOf(id)
          return { attempts: failures.length, last: failures.at(-1) ?? null, left: delays.length - failures.length }
        },
        envelope(id: string) {
          const { to, subject } = mailOf(id)
          const from = sender.name === undefined ? sender.address : `${sender.name} <${sender.address}>`
          return { from, to, subject }
        },
      },
      snapshot: () => [...queue.values()],
    }
  },
})
