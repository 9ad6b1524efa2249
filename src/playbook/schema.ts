/**
 * What a playbook file may say, and reading it. Files are written by people and by the runtime alike, so everything is
 * checked and every complaint names file, line and key. Whether a patch in it may be applied is for repair to decide.
 */
import { basename } from 'node:path'
import { z } from 'zod'
import type { LazaretError } from '../base/errors.ts'
import { type InputProblem, type KeyPath, type Position, showValue, valueAt } from '../base/input-problem.ts'
import { limits } from '../base/limits.ts'
import { nearest } from '../base/nearest.ts'
import type { FailurePhase, HealedBy, RemedyStep } from '../base/remedy.ts'
import { readYamlFile } from '../base/yaml-file.ts'
import { playbookSuffix } from './file-name.ts'
import {
  fromStep,
  idLike,
  knownStepKeys,
  oneOf,
  pattern,
  phases,
  section,
  stepShape,
  text,
  toStep,
} from './step-schema.ts'

const trusts = ['trial', 'trusted', 'suspended'] as const
const faults = ['restart', 'state', 'config', 'code', 'parked message'] as const
const healers = [...faults, 'playbook', 'restore', 'failover', 'person'] as const satisfies readonly HealedBy[]

/** trial: used, and watched; trusted: used at the first crash; suspended: kept for a person, never used. */
export type Trust = (typeof trusts)[number]

export interface Playbook {
  readonly kernel: string
  /** Unique among the playbooks of its kernel. */
  readonly name: string
  readonly trust: Trust
  readonly fingerprint: string
  readonly failure: { readonly error: string; readonly phase: FailurePhase }
  readonly steps: readonly RemedyStep[]
  /** Where it comes from; absent where a person wrote it. */
  readonly learnt?: {
    /** ISO 8601. */
    readonly at: string
    readonly incident: string
    readonly agent: string
    readonly healedBy: HealedBy
  }
  readonly successes: number
  readonly failures: number
  readonly why: string
}

const counter = z.int('a whole number, 0 or more').min(0, 'a whole number, 0 or more').default(0)

/** The restart divides the steps: what is for a kernel out of service comes before it. */
function checkOrder(steps: readonly { readonly do: RemedyStep['do'] }[], ctx: z.RefinementCtx): void {
  const restart = steps.findIndex((step) => step.do === 'restart')
  if (restart === -1) return
  for (const [index, step] of steps.entries()) {
    if (index <= restart || (step.do !== 'restart' && step.do !== 'reroute')) continue
    const message = step.do === 'restart' ? 'a step other than restart, which stands once' : 'in front of restart'
    ctx.addIssue({ code: 'custom', path: [index, 'do'], message })
  }
}

const failureShape = section({ error: text('the message of the failure'), phase: oneOf(phases) })
const learntShape = section({
  at: z.iso.datetime('a time such as 2026-11-24T04:15:03.123Z'),
  incident: text('the id of an incident'),
  agent: text('the name of an agent'),
  healed_by: z.enum(healers, `one of ${healers.join(', ')}`),
})
const stepCount = `a list of 1 to ${limits.playbookSteps} steps`
const playbookShape = section({
  name: idLike,
  trust: oneOf(trusts).default('trial'),
  fingerprint: pattern(/^[0-9a-f]{8,64}$/, 'a fingerprint: 8 to 64 digits 0-9 and a-f, in quotes'),
  failure: failureShape,
  steps: z.array(stepShape, stepCount).min(1, stepCount).max(limits.playbookSteps, stepCount).superRefine(checkOrder),
  learnt: learntShape.optional(),
  successes: counter,
  failures: counter,
  why: text('a sentence that says why this heals the failure'),
})
const playbookCount = `a list of at most ${limits.playbooksPerFile} playbooks`
const fileShape = section({
  version: z.literal(1, '1'),
  kernel: idLike,
  playbooks: z.array(playbookShape, playbookCount).max(limits.playbooksPerFile, playbookCount),
})

type FileEntry = z.output<typeof playbookShape>

type MakeError = (first: InputProblem, rest?: readonly InputProblem[]) => LazaretError

/**
 * @param path of a file named `<kernel>_failure_remediation.yaml`.
 * @throws LazaretError PLAYBOOK_INVALID: a paragraph about the first problem with file, line, key, accepted, Got.
 */
export function readPlaybookFile(path: string): Playbook[] {
  return readPlaybookText(path).playbooks
}

/** The same, with the text that they were read from and where in it a key stands. @throws LazaretError PLAYBOOK_INVALID */
export function readPlaybookText(path: string): PlaybookText {
  const { value, text, error, positionOf } = readYamlFile(path, { code: 'PLAYBOOK_INVALID' })
  const playbooks = parsePlaybooks(value, basename(path).slice(0, -playbookSuffix.length), error)
  return { playbooks, text, positionOf }
}

export interface PlaybookText {
  readonly playbooks: Playbook[]
  readonly text: string
  positionOf(path: KeyPath): Position
}

/**
 * @param value plain data of a whole file.
 * @param named the kernel that the file is named after.
 */
export function parsePlaybooks(value: unknown, named: string, makeError: MakeError): Playbook[] {
  const parsed = fileShape.safeParse(value)
  if (!parsed.success) {
    const [first, ...rest] = problemsOf(parsed.error.issues, value)
    throw makeError(first ?? { path: [], accepted: 'a playbook file', got: 'something else', advice: 'Mend it.' }, rest)
  }
  const { kernel, playbooks } = parsed.data
  if (kernel !== named) {
    const advice = 'Change it, or rename the file.'
    throw makeError({ path: ['kernel'], accepted: `${named}, as the file is named`, got: showValue(kernel), advice })
  }
  const seen = new Set<string>()
  for (const [index, { name }] of playbooks.entries()) {
    if (seen.has(name)) {
      const accepted = 'a name that no other playbook of this file has'
      throw makeError({ path: ['playbooks', index, 'name'], accepted, got: showValue(name), advice: 'Rename one.' })
    }
    seen.add(name)
  }
  return playbooks.map((entry) => fromEntry(kernel, entry))
}

function fromEntry(kernel: string, entry: FileEntry): Playbook {
  const { learnt, steps, ...rest } = entry
  const origin = learnt === undefined ? {} : { learnt: originOf(learnt) }
  return { ...rest, kernel, steps: steps.map(fromStep), ...origin }
}

function originOf({ at, incident, agent, healed_by: healedBy }: z.output<typeof learntShape>) {
  return { at, incident, agent, healedBy }
}

/** A playbook as it stands in its file: plain data, keys in the order in which a person reads them. */
export function toEntry(playbook: Playbook): z.input<typeof playbookShape> {
  const { name, trust, fingerprint, failure, learnt, successes, failures, why } = playbook
  return {
    name,
    trust,
    why,
    fingerprint,
    failure: { error: failure.error, phase: failure.phase },
    steps: playbook.steps.map(toStep),
    ...(learnt === undefined
      ? {}
      : { learnt: { at: learnt.at, incident: learnt.incident, agent: learnt.agent, healed_by: learnt.healedBy } }),
    successes,
    failures,
  }
}

/** Unknown keys first: a mistyped key is most often why another one is missing. */
function problemsOf(issues: readonly z.core.$ZodIssue[], value: unknown): InputProblem[] {
  const unknown: InputProblem[] = []
  const wrong: InputProblem[] = []
  for (const issue of issues) {
    const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) unknown.push(unknownKey(path, key, value))
    } else if (!wrong.some((other) => other.path.join() === path.join())) {
      const found = valueAt(value, path)
      const advice = found === undefined ? `Add ${String(path.at(-1) ?? 'it')}.` : 'Correct it.'
      wrong.push({ path, accepted: issue.message, got: showValue(found), advice })
    }
  }
  return [...unknown, ...wrong]
}

function unknownKey(path: KeyPath, key: string, value: unknown): InputProblem {
  const known = knownKeys(path, value)
  const meant = nearest(key, known)
  return {
    path: [...path, key],
    accepted: `one of the keys ${known.join(', ')}`,
    rule: `is not a key that is known here; accepted are ${known.join(', ')}`,
    got: showValue(key),
    advice: meant === undefined ? 'Remove it.' : `Did you mean ${meant}?`,
  }
}

function knownKeys(path: KeyPath, value: unknown): string[] {
  if (path.length === 0) return Object.keys(fileShape.shape)
  if (path.length === 2) return Object.keys(playbookShape.shape)
  if (path[2] === 'failure') return Object.keys(failureShape.shape)
  if (path[2] === 'learnt') return Object.keys(learntShape.shape)
  return knownStepKeys(valueAt(value, path.slice(0, 4)), path.slice(4))
}
