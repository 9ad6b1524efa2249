/**
 * What a thread of the sandbox's pool does when it is told to: run a trial, start a process beforehand, end those that
 * wait. It is trusted; no candidate runs in it. An abort comes as a message: terminating this thread instead would lose the
 * result, though not the process (see child.ts).
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { MessagePort } from 'node:worker_threads'
import type { IsolatedResult, TrialJob } from '../src/repair/trial.ts'
import { CagedProcess } from './child.ts'
import { Trial } from './trial.ts'
import { type Ground, wallsOf } from './walls.ts'
import { endWarm, startWarm, takeWarm } from './warm.ts'

export type DriverTask =
  /** Any message on the port aborts the trial. */
  | { readonly do: 'run'; readonly job: TrialJob; readonly ground: Ground; readonly port: MessagePort }
  /** Starts a process that waits for a job like this one, in its folder. */
  | { readonly do: 'prepare'; readonly job: TrialJob; readonly ground: Ground }
  /** Ends the processes that wait. */
  | { readonly do: 'end' }

/** @throws LazaretError SANDBOX_FAILED where no candidate could be run at all. */
export default async function drive(task: DriverTask): Promise<IsolatedResult | undefined> {
  if (task.do === 'end') await endWarm()
  else if (task.do === 'prepare') prepare(task.job, task.ground)
  else return runJob(task.job, task.ground, task.port)
  return undefined
}

async function runJob(job: TrialJob, ground: Ground, port: MessagePort): Promise<IsolatedResult> {
  try {
    const startedAt = performance.now()
    makeFolders(job.folder)
    const walls = wallsOf(job, ground)
    const warm = takeWarm(walls)
    const caged = warm ?? new CagedProcess(walls)
    const loaded = () => {
      const { nextFolder } = job
      if (nextFolder !== undefined) prepare({ ...job, folder: nextFolder }, ground)
    }
    const trial = new Trial({ job, walls, caged, warm: warm !== undefined, startedAt, loaded })
    port.on('message', () => trial.abort())
    return await trial.run()
  } finally {
    port.close()
  }
}

/** The folder is there, with `out/` and `data/`, or has been removed since: then nothing is to be made anew. */
function prepare(job: TrialJob, ground: Ground): void {
  try {
    startWarm(wallsOf(job, ground))
  } catch {
    // The trial that would have had the process starts its own, and says why that fails.
  }
}

function makeFolders(folder: string): void {
  for (const name of ['out', 'data']) mkdirSync(join(folder, name), { recursive: true })
}
