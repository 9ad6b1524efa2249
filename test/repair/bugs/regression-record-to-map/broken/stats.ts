import type { Session } from './kernel.ts'

/** Who is at it most; null where nobody is logged in. */
export function busiest(sessions: Map<string, Session>): string | null {
  const all: Session[] = Object.values(sessions)
  if (sessions.size === 0) return null
  const top = all.reduce((best, each) => (each.hits > best.hits ? each : best))
  return `${top.user} ${top.hits}`
}
