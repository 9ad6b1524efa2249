/**
 * A process with everything that it has started, to be ended as a whole. On Linux that is its group and its descendants,
 * those that left the group included while their parents live; elsewhere its group.
 *
 * bubblewrap's outer process is spared until the last: killed before it has tied the inner one to itself, it would leave
 * it behind. It ends by itself when the inner one does.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { limits } from '../../base/limits.ts'

const lookMs = 20

interface Member {
  readonly pid: number
  readonly parent: number
  readonly group: number
  /** Tells it from a later process of the same number. */
  readonly startedAt: string
}

export class ProcessFamily {
  readonly #pid: number
  readonly #isWrapped: boolean
  readonly #known = new Map<number, Member>()

  /** @param pid leader of a group of its own. @param isWrapped it is bubblewrap. */
  constructor(pid: number, isWrapped: boolean) {
    this.#pid = pid
    this.#isWrapped = isWrapped
  }

  /** SIGTERM, a grace of limits.agentEndMs, SIGKILL. When this settles none is left, or none that a signal reaches. */
  async end(): Promise<void> {
    const killsAt = performance.now() + limits.agentEndMs
    const givesUpAt = killsAt + limits.agentEndMs
    const asked = new Set<number>()
    for (let left = this.#left(); left.length > 0 && performance.now() < givesUpAt; left = this.#left()) {
      const isLate = performance.now() >= killsAt
      for (const pid of left) {
        const isSpared = this.#isWrapped && pid === this.#pid && (!isLate || left.length > 1)
        if (isSpared || (!isLate && asked.has(pid))) continue
        signalled(pid, isLate ? 'SIGKILL' : 'SIGTERM')
        asked.add(pid)
      }
      await new Promise((resolve) => setTimeout(resolve, lookMs))
    }
  }

  /** Numbers to signal. */
  #left(): number[] {
    if (process.platform !== 'linux') return signalled(-this.#pid, 0) ? [-this.#pid] : []
    const all = members()
    for (const member of descendants(this.#pid, all)) this.#known.set(member.pid, member)
    const now = new Map(all.map((member) => [member.pid, member]))
    for (const [pid, { startedAt }] of this.#known) if (now.get(pid)?.startedAt !== startedAt) this.#known.delete(pid)
    return [...this.#known.keys()]
  }
}

function descendants(pid: number, all: readonly Member[]): Member[] {
  const found = all.filter((member) => member.pid === pid || member.group === pid)
  const pids = new Set(found.map((member) => member.pid))
  pids.add(pid)
  for (let grew = true; grew; ) {
    const more = all.filter((member) => !pids.has(member.pid) && pids.has(member.parent))
    for (const member of more) pids.add(member.pid)
    found.push(...more)
    grew = more.length > 0
  }
  return found
}

/** Every living process; a zombie has ended. */
function members(): Member[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'utf8')
      // The name of the program stands in brackets and may hold any.
      const [state, parent, group, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ')
      if (state === 'Z') return []
      return [{ pid: Number(name), parent: Number(parent), group: Number(group), startedAt: rest[16] ?? '' }]
    } catch {
      // It ended between the listing and now.
      return []
    }
  })
}

/** False where there is no such process. */
function signalled(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch {
    // ESRCH: it has ended.
    return false
  }
}
