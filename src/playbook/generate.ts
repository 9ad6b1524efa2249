/**
 * From a proved repair to a playbook, and from a playbook back to a remedy. Pure. The steps are the very ones that were
 * proved and applied; whoever runs them is the supervisor.
 */
import { describeRecord, type ErrorRecord } from '../base/error-record.ts'
import { clipShown } from '../base/input-problem.ts'
import { redactText } from '../base/redact.ts'
import type { FailurePhase, Remedy } from '../base/remedy.ts'
import type { Playbook } from './schema.ts'

export interface Lesson {
  readonly kernel: string
  readonly fingerprint: string
  /** The failure that was healed. */
  readonly error: ErrorRecord
  readonly phase: FailurePhase
  /** What healed it. */
  readonly remedy: Remedy
  /** Id of the incident. */
  readonly incident: string
  /** Epoch milliseconds. */
  readonly at: number
}

/** Enough to recognise a failure by; error.json has the rest. */
const shownErrorChars = 300

/** A playbook on trial. Its name says what it does and to which failure: `code-3fa92c1b77d0`. */
export function generatePlaybook(lesson: Lesson): Playbook {
  const { kernel, fingerprint, error, phase, remedy, incident, at } = lesson
  return {
    kernel,
    name: `${remedy.healedBy.replaceAll(' ', '-')}-${fingerprint.slice(0, 12)}`,
    trust: 'trial',
    fingerprint,
    failure: { error: clipShown(redactText(describeRecord(error)), shownErrorChars), phase },
    steps: remedy.steps,
    learnt: { at: new Date(at).toISOString(), incident, agent: remedy.agent, healedBy: remedy.healedBy },
    successes: 0,
    failures: 0,
    why: remedy.why,
  }
}

export function toRemedy(playbook: Playbook): Remedy {
  const { name, steps, why } = playbook
  return { agent: 'playbook', healedBy: 'playbook', steps, why, playbook: name }
}
