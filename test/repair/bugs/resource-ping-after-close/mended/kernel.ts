import { defineKernel, type KernelContext } from 'lazaret/kernel'

interface Connection {
  user: string
  sent: string[]
  pings: number
}

export default defineKernel({
  start(ctx: KernelContext<unknown, { pingMs?: number }>) {
    const { pingMs = 5000 } = ctx.config
    const connections = new Map<string, Connection>()
    const timers = new Map<string, NodeJS.Timeout>()

    function connection(id: string): Connection {
      const found = connections.get(id)
      if (found === undefined) throw new Error(`${id} is not open`)
      return found
    }
    function ping(id: string): void {
      const { sent } = connections.get(id) as Connection
      sent.push('ping')
    }
    function watch(id: string): void {
      clearInterval(timers.get(id))
      timers.set(id, setInterval(ping, pingMs, id))
    }

    return {
      api: {
        open(id: string, user: string): number {
          if (connections.has(id)) throw new Error(`${id} is open`)
          connections.set(id, { user, sent: [], pings: 0 })
          watch(id)
          return connections.size
        },
        /** A message puts the next ping off. */
        send(id: string, text: string): number {
          const { sent } = connection(id)
          sent.push(text)
          watch(id)
          return sent.filter((each) => each !== 'ping').length
        },
        pause(id: string): boolean {
          connection(id)
          clearInterval(timers.get(id))
          return timers.delete(id)
        },
        close(id: string): string[] {
          const { sent } = connection(id)
          clearInterval(timers.get(id))
          timers.delete(id)
          connections.delete(id)
          return sent.filter((each) => each !== 'ping')
        },
        pinged: (id: string): boolean => connection(id).sent.includes('ping'),
        who: () => [...connections.values()].map(({ user }) => user).sort(),
      },
      stop() {
        for (const timer of timers.values()) clearInterval(timer)
      },
    }
  },
})
