/**
 * Processes that wait for a candidate: started beforehand, with everything loaded that is not the candidate. Each runs one
 * candidate and no more. It is used only where the walls are exactly those that the job asks for; else it is ended unused.
 * There are few of them, none waits for long, and like every caged process they die with their host (see child.ts).
 */
import { limits } from '../src/base/limits.ts'
import { CagedProcess } from './child.ts'
import { isSame, type Walls } from './walls.ts'

interface Waiting {
  readonly walls: Walls
  readonly caged: CagedProcess
  readonly timer: NodeJS.Timeout
}

const waiting: Waiting[] = []
const leaving = new Set<Promise<void>>()

/** Starts one, where none waits behind these walls. @throws what spawn throws. */
export function startWarm(walls: Walls): void {
  if (waiting.some((other) => isSame(other.walls, walls))) return
  while (waiting.length >= limits.sandboxWarm) leave(waiting[0])
  const caged = new CagedProcess(walls)
  const one: Waiting = { walls, caged, timer: setTimeout(() => leave(one), limits.sandboxWarmMs) }
  waiting.push(one)
  // Its end before its time, or no start at all: the trial that would have had it starts its own, and says why not.
  caged.closed.then(
    () => leave(one),
    () => leave(one),
  )
}

/** The one behind these walls, no longer ours. One in the same folder behind others is of no more use. */
export function takeWarm(walls: Walls): CagedProcess | undefined {
  let fit: CagedProcess | undefined
  for (const one of waiting.filter((other) => other.walls.folder === walls.folder)) {
    if (fit === undefined && isSame(one.walls, walls) && !one.caged.hasEnded) {
      fit = one.caged
      remove(one)
    } else leave(one)
  }
  return fit
}

/** Ends all; resolves when they are gone. */
export async function endWarm(): Promise<void> {
  for (const one of [...waiting]) leave(one)
  await Promise.all(leaving)
}

function remove(one: Waiting): void {
  clearTimeout(one.timer)
  const index = waiting.indexOf(one)
  if (index >= 0) waiting.splice(index, 1)
}

function leave(one: Waiting | undefined): void {
  if (one === undefined || !waiting.includes(one)) return
  remove(one)
  const gone = one.caged.endWhole().catch(() => {
    // Its shell could not be started, so there is nothing to end.
  })
  leaving.add(gone)
  void gone.then(() => leaving.delete(gone))
}
