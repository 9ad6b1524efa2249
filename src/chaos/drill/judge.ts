/** The drill of one kernel as it is reported: its steps, its proof, and what a person should know besides. */
import { fileURLToPath } from 'node:url'
import type { Isolation, KernelSpec } from '../../base/spec.ts'
import { hasCheck } from './choose.ts'
import { whyNoPlaybooks } from './folders.ts'
import type { DrillStep, KernelDrill } from './report.ts'
import type { Round } from './round.ts'
import { diagnosed, escalated, learnt, quarantined, repaired, servedAfter, step } from './steps.ts'

export interface Rounds {
  readonly round: Round
  /** The same failure once more; absent where the first one was not mended. */
  readonly again: Round | undefined
  /** The user's own. */
  readonly playbooksDir: string
}

/** @param defect what was let loose, in words that say where. */
export function judgeDrill(spec: KernelSpec, defect: string, { round, again, playbooksDir }: Rounds): KernelDrill {
  const repair = repaired(round, spec)
  const unwritable = whyNoPlaybooks(playbooksDir)
  const lesson =
    unwritable === undefined
      ? learnt(round, again, spec)
      : { ran: false, shown: [`in service it would not run: ${unwritable}`], look: 'the folder of the playbooks' }
  const steps: DrillStep[] = [
    step('escalate', round, escalated(round)),
    step('quarantine', round, quarantined(round, spec)),
    step('diagnose', round, diagnosed(round)),
    step('repair', round, repair.judged),
    step('learn', round, lesson),
  ]
  const [healMs, againMs] = [servedAfter(round), again && servedAfter(again)]
  const { agent, unsuitable } = repair
  // What is put back before any proof is proved when its playbook is: that is then what there is to show.
  const later = repair.judged.ran && repair.proof.length === 0 && again !== undefined
  const { proof, isolation } = later ? repaired(again, spec) : repair
  return {
    ...{ kernel: spec.id, tier: spec.tier, autonomy: spec.repair.autonomy, defect, steps },
    passed: steps.every(({ ran }) => ran),
    proof: proof.map(({ name, passed, detail }) => ({ name, passed, detail })),
    ...(later && { provedLater: true }),
    ...(isolation !== undefined && { isolation: isolation as Isolation }),
    ...(agent !== undefined && { agent }),
    ...(healMs !== undefined && { healMs }),
    ...(againMs !== undefined && { againMs }),
    ...(unsuitable !== undefined && { unsuitable }),
    notes: hasCheck(spec) ? [] : [`${spec.id} has no check.ts: its proof asks only whether the failure is gone`],
  }
}

/** Of the path, what tells a person which file it is. */
export function shortEntry({ entryUrl }: KernelSpec): string {
  return fileURLToPath(entryUrl).split('/').slice(-2).join('/')
}
