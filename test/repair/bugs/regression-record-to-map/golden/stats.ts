import type { Session } from './kernel.ts'

/** Who is at it most; null where nobody is logged in. */
export function busiest(sessions: Record<string, Session>): string | null {
  const all = Object.values(sessions)
  if (all.length === 0) return null
  const top = all.reduce((best, each) => (each.hits > best.hits ? each : best))
  return `${top.user} ${top.hits}`
}
