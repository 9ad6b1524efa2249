import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { busiest } from './stats.ts'

export interface Session {
  user: string
  hits: number
}
type Sessions = Map<string, Session>
type Saved = Record<string, Session> | Sessions

export default defineKernel({
  start(ctx: KernelContext<Saved, { most?: number }>) {
    const { most = 100 } = ctx.config
    const saved = ctx.restored ?? new Map<string, Session>()
    const sessions: Sessions = saved instanceof Map ? new Map(saved) : new Map(Object.entries(saved))

    return {
      api: {
        /** Where there are too many, the one that was used longest ago goes. */
        login(token: string, user: string): number {
          const [oldest] = sessions.keys()
          if (sessions.size >= most && oldest !== undefined) sessions.delete(oldest)
          sessions.set(token, { user, hits: 0 })
          return sessions.size
        },
        touch(token: string): number {
          const session = sessions.get(token)
          if (session === undefined) throw new Error('log in first')
          session.hits += 1
          sessions.delete(token)
          sessions.set(token, session)
          return session.hits
        },
        logout: (token: string): boolean => sessions.delete(token),
        busiest: () => busiest(sessions),
        tokens: () => [...sessions.keys()],
      },
      snapshot: () => sessions,
    }
  },
})
