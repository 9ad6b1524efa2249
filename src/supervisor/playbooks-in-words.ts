/** Playbooks for whoever reads them on a page: when each was used last, what it matches, and what its steps do. Pure. */
import { redactText } from '../base/redact.ts'
import type { PlaybookUse } from '../journal/rows.ts'
import { describePrecondition, describeStep } from '../playbook/explain.ts'
import type { Playbook, Trust } from '../playbook/schema.ts'

export interface PlaybookInWords {
  readonly kernel: string
  readonly name: string
  readonly trust: Trust
  readonly successes: number
  readonly failures: number
  /** When it was used last, and how that ended; absent where it never was, or that is forgotten. Epoch milliseconds. */
  readonly lastUse?: Pick<PlaybookUse, 'at' | 'outcome' | 'incident'>
  /** Which failure it is for: one sentence. */
  readonly matches: string
  readonly why: string
  readonly learnt?: Playbook['learnt']
  readonly steps: readonly { readonly do: string; readonly text: string; readonly onlyIf?: string }[]
}

export function playbooksInWords(
  playbooks: readonly Playbook[],
  uses: readonly PlaybookUse[],
): readonly PlaybookInWords[] {
  const lastUses = new Map(uses.map((use) => [`${use.kernel} ${use.playbook}`, use]))
  return playbooks.map(({ kernel, name, trust, successes, failures, failure, fingerprint, why, learnt, steps }) => {
    const last = lastUses.get(`${kernel} ${name}`)
    return {
      ...{ kernel, name, trust, successes, failures, why: redactText(why) },
      ...(last && { lastUse: { at: last.at, outcome: last.outcome, incident: last.incident } }),
      matches: `${redactText(failure.error)} (in ${failure.phase}, fingerprint ${fingerprint})`,
      ...(learnt && { learnt }),
      steps: steps.map((step) => ({
        do: step.do,
        text: `${redactText(describeStep(step))}.`,
        ...(step.onlyIf && { onlyIf: redactText(describePrecondition(step.onlyIf)) }),
      })),
    }
  })
}
