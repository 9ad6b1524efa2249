/**
 * A failure made to happen again in the sandbox, with a change or without, for somebody who works on it. It is no proof:
 * nothing is proposed, journaled or applied, and the chart hears nothing. One at a time a kernel.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { redactText, safeLine } from '../base/redact.ts'
import type { Evidence, RemedyStep } from '../base/remedy.ts'
import type { Isolation } from '../base/spec.ts'
import { checkPatch } from '../repair/patch.ts'
import { checkUrlOf } from '../repair/repair.ts'
import { defaultBounds, type IsolatedResult } from '../repair/trial.ts'
import { isSameFailure } from '../repair/verification/proof.ts'
import { Trials } from '../repair/verification/trials.ts'
import { makeWorkspace, type Workspace } from '../repair/workspace.ts'
import { fittingHotfix } from './hotfixing.ts'
import { type House, kernelFolderUrl } from './house.ts'
import type { Unit } from './unit.ts'

/** One run, as people read it. */
export interface TriedRun {
  readonly outcome: IsolatedResult['outcome']
  readonly phase: IsolatedResult['phase']
  readonly error?: string
  /** Index of the recorded message in hand. */
  readonly at?: number
  /** What the kernel needed and the sandbox does not give. */
  readonly needed?: string
  readonly log: readonly string[]
  readonly durationMs: number
}

export interface Tried {
  /** The recorded messages fail in the sandbox as they failed in service. */
  readonly reproduced: boolean
  readonly messages: number
  readonly before: TriedRun
  /** With the change; absent where none was given. */
  readonly after?: TriedRun
  /** check.ts with the change; absent where there is none, or no change was given. */
  readonly check?: TriedRun
  /** Files that are no longer what they were at the crash: a proof refuses them. */
  readonly changed: readonly string[]
  readonly isolation: Isolation
}

export class TryOuts {
  readonly #running = new Map<string, { readonly controller: AbortController; readonly done: Promise<unknown> }>()

  #closed = false

  /** @throws LazaretError COMMAND_REFUSED where one is under way for this kernel; PATCH_REFUSED, NOT_FOUND, SANDBOX_FAILED. */
  async run(house: House, unit: Unit, evidence: Evidence, steps: readonly RemedyStep[]): Promise<Tried> {
    if (this.#closed) throw stopped()
    if (this.#running.has(unit.id)) {
      throw new LazaretError('COMMAND_REFUSED', `The failure of ${unit.id} is being replayed already.`, {
        kernel: unit.id,
        hint: 'One replay at a time for each kernel: wait for its end.',
      })
    }
    const controller = new AbortController()
    const done = tryOut(house, unit, evidence, steps, controller.signal)
    this.#running.set(unit.id, { controller, done })
    try {
      return await done
    } finally {
      this.#running.delete(unit.id)
    }
  }

  /** Ends what is under way; resolves when its processes and folders are gone. */
  async close(): Promise<void> {
    this.#closed = true
    const running = [...this.#running.values()]
    for (const { controller } of running) controller.abort(stopped())
    await Promise.allSettled(running.map(({ done }) => done))
  }
}

function stopped(): LazaretError {
  return new LazaretError('RUNTIME_STOPPED', 'The runtime stops.')
}

async function tryOut(
  house: House,
  unit: Unit,
  evidence: Evidence,
  steps: readonly RemedyStep[],
  signal: AbortSignal,
): Promise<Tried> {
  const dataDirOfKernel = join(house.dataDir, 'kernels', unit.id)
  // Beside the workspaces of repairs, which one may be made of meanwhile.
  const root = join(house.dataDir, 'repair', 'tried-out')
  let workspace: Workspace | undefined
  try {
    workspace = await makeWorkspace({ root, incident: evidence.incident, attempt: 0, evidence, dataDirOfKernel })
    const trials = await trialsOf(house, unit, evidence, workspace, signal)
    const { changed } = await trials.sources()
    for (const step of steps) {
      if (step.do === 'apply_patch') checkPatch(step, fileURLToPath(kernelFolderUrl(unit.spec)))
    }
    const applied = steps.length === 0 ? undefined : await trials.applied(steps)
    const red = await trials.red()
    const green = applied && (await trials.green(applied))
    const check = applied && (await trials.check(applied))
    return {
      ...{ reproduced: isSameFailure(evidence, red), messages: evidence.messages.length, before: shown(red) },
      ...(green && { after: shown(green) }),
      ...(check && { check: shown(check) }),
      ...{ changed: changed.map((url) => fileURLToPath(url)), isolation: red.isolation },
    }
  } finally {
    await workspace?.remove()
  }
}

async function trialsOf(house: House, unit: Unit, evidence: Evidence, workspace: Workspace, signal: AbortSignal) {
  const { entryUrl, crashOn, limits } = unit.spec
  const golden = await house.goldens.get(unit.id)
  const bounds = { heapMb: limits.heapMb, startMs: Math.min(limits.startMs, defaultBounds.startMs) }
  return new Trials(
    {
      ...{ evidence, golden, entryUrl, crashOn, workspace, signal, bounds, checkUrl: checkUrlOf(entryUrl) },
      overlayNow: fittingHotfix(unit).overlay,
    },
    house.sandbox.run,
  )
}

function shown({ outcome, phase, error, at, needed, log, durationMs }: IsolatedResult): TriedRun {
  return {
    ...{ outcome, phase },
    ...(error && { error: safeLine(redactText(describeRecord(error))) }),
    ...(at !== undefined && { at }),
    ...(needed !== undefined && { needed: safeLine(redactText(needed)) }),
    ...{ log: log.map((line) => safeLine(redactText(line))), durationMs: Math.round(durationMs) },
  }
}
