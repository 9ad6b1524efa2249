/**
 * The same fleet, the same faults and defects, under the plain supervisor of plain-fleet.ts. Nothing is waited for but
 * time, because nothing there says that it has healed: each wave is let loose and given the time that a wave of the run
 * itself takes at most, and at the end it is looked who serves.
 */
import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { toRecord } from '../base/error-record.ts'
import { newId } from '../base/ids.ts'
import { fatesOnStage } from './account.ts'
import { interruption, scriptFor } from './both.ts'
import { type Defect, defects } from './defects.ts'
import type { Field } from './field.ts'
import { Hooks } from './hooks.ts'
import { PlainFleet } from './plain-fleet.ts'
import type { BaselineReport } from './report.ts'
import { type Stage, setStage, stressTimes } from './stage.ts'
import { Traffic } from './traffic.ts'
import { Watch } from './watch.ts'

/** Time for a wave after its last defect is loose, and for one defect to be let loose. Milliseconds. */
const settleMs = 8000
const injectMs = 6000
/** How soon a kernel that serves must answer at the end. Milliseconds. */
const answerMs = 3000
const afterAnswerMs = 500

export async function baseline(options: { root?: string; signal?: AbortSignal } = {}): Promise<BaselineReport> {
  const folder = join(resolve(options.root ?? '.lazaret/stress'), newId('run'))
  const beganAt = performance.now()
  try {
    await using hooks = await Hooks.open()
    const report = await play(setStage(folder, scriptFor(hooks)), hooks, options.signal)
    return { ...report, tookMs: Math.round(performance.now() - beganAt) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function play(
  stage: Stage,
  hooks: Hooks,
  signal: AbortSignal | undefined,
): Promise<Omit<BaselineReport, 'tookMs'>> {
  const abort = interruption(signal, 'The stress run')
  await using ending = new AsyncDisposableStack()
  const over = new AbortController()
  const watch = new Watch(over.signal)
  const fleet = new PlainFleet(stage.fleetFile, join(stage.folder, 'data'))
  fleet.events.on(watch.hear)
  const traffic = new Traffic(fleet, stage.kernels, hooks)
  ending.defer(async () => {
    over.abort()
    // Nothing is sent any more, before the fleet and the receiver of its webhooks are gone.
    const settled = traffic.stop()
    await fleet.stop()
    await settled
  })
  const field: Field = { fleet, stage, watch, traffic, defer: (end) => ending.defer(end) }
  await Promise.race([fleet.start(), abort])
  await Promise.race([pause(2 * stressTimes.stableMs), abort])
  traffic.start()
  for (const wave of [1, 2, 3] as const) {
    const ofWave = defects.filter((defect) => defect.wave === wave)
    await Promise.race([letLoose(field, ofWave), abort])
    await Promise.race([pause(settleMs), abort])
  }
  await Promise.race([traffic.stop(), abort])
  const looked = await Promise.race([lookAround(fleet, stage, traffic), abort])
  // What nobody ever took from a port counts as lost, and so does what went down with a thread.
  const { handled, lost } = fatesOnStage(stage, traffic, [])
  return {
    kernels: looked,
    starts: { total: fleet.starts, restarts: fleet.starts - stage.kernels.length },
    asks: traffic.asks,
    messages: { accepted: traffic.accepted.size, handled, lost: lost.length },
  }
}

/** Several kernels side by side, the defects of one kernel one after another, as in the run itself. */
async function letLoose(field: Field, list: readonly Defect[]): Promise<void> {
  const byKernel = Map.groupBy(list, ({ kernel }) => kernel)
  await Promise.all(
    [...byKernel.values()].map(async (some) => {
      for (const defect of some) {
        const loose = Promise.resolve(defect.inject?.(field)).catch((thrown: unknown) => toRecord(thrown))
        await Promise.race([loose, pause(injectMs)])
      }
    }),
  )
}

/** Who has lived for a while, answers, and is still there after the answer. */
async function lookAround(fleet: PlainFleet, stage: Stage, traffic: Traffic): Promise<BaselineReport['kernels']> {
  const looks = await Promise.all(
    stage.kernels.map(async (kernel) => {
      const thread = fleet.threadOf(kernel)
      const again = { kernel, why: 'it ends again and again, or hangs in its start' }
      if (fleet.uptimeMs(kernel) < stressTimes.stableMs) return again
      const why = await traffic.probe(kernel, answerMs)
      if (why !== undefined) return { kernel, why }
      await pause(afterAnswerMs)
      return fleet.threadOf(kernel) === thread ? undefined : { kernel, why: 'it answers, and ends' }
    }),
  )
  const notRunning = looks.filter((look) => look !== undefined)
  return { total: stage.kernels.length, running: stage.kernels.length - notRunning.length, notRunning }
}
