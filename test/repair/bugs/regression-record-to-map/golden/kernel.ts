import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { busiest } from './stats.ts'

export interface Session {
  user: string
  hits: number
}
type Sessions = Record<string, Session>

export default defineKernel({
  start(ctx: KernelContext<Sessions, { most?: number }>) {
    const { most = 100 } = ctx.config
    const sessions: Sessions = { ...ctx.restored }

    return {
      api: {
        login(token: string, user: string): number {
          if (Object.keys(sessions).length >= most) throw new RangeError(`at most ${most} sessions`)
          sessions[token] = { user, hits: 0 }
          return Object.keys(sessions).length
        },
        touch(token: string): number {
          const session = sessions[token]
          if (session === undefined) throw new Error('log in first')
          session.hits += 1
          return session.hits
        },
        logout(token: string): boolean {
          const known = token in sessions
          delete sessions[token]
          return known
        },
        busiest: () => busiest(sessions),
      },
      snapshot: () => sessions,
    }
  },
})
