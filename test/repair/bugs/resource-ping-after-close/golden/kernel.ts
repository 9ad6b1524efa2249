import { defineKernel, type KernelContext } from 'lazaret/kernel'

interface Connection {
  user: string
  sent: string[]
  timer: NodeJS.Timeout
}

export default defineKernel({
  start(ctx: KernelContext<unknown, { pingMs?: number }>) {
    const { pingMs = 5000 } = ctx.config
    const connections = new Map<string, Connection>()

    function connection(id: string): Connection {
      const found = connections.get(id)
      if (found === undefined) throw new Error(`${id} is not open`)
      return found
    }
    function ping(id: string): void {
      const { sent } = connections.get(id) as Connection
      sent.push('ping')
    }

    return {
      api: {
        open(id: string, user: string): number {
          if (connections.has(id)) throw new Error(`${id} is open`)
          connections.set(id, { user, sent: [], timer: setInterval(ping, pingMs, id) })
          return connections.size
        },
        /** A message puts the next ping off. */
        send(id: string, text: string): number {
          const { sent, timer } = connection(id)
          sent.push(text)
          timer.refresh()
          return sent.filter((each) => each !== 'ping').length
        },
        close(id: string): string[] {
          const { sent, timer } = connection(id)
          clearInterval(timer)
          connections.delete(id)
          return sent.filter((each) => each !== 'ping')
        },
        pinged: (id: string): boolean => connection(id).sent.includes('ping'),
        who: () => [...connections.values()].map(({ user }) => user).sort(),
      },
      stop() {
        for (const { timer } of connections.values()) clearInterval(timer)
      },
    }
  },
})
