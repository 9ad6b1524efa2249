/**
 * `lazaret playbooks lint`: what is wrong in playbook files, and what a parser cannot know: a kernel that the fleet does
 * not have, a patch that no longer fits, a step that can never run, a suspended twin. It changes nothing.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LazaretError } from '../base/errors.ts'
import type { KeyPath } from '../base/input-problem.ts'
import { isLive, type RemedyStep, type StepOf } from '../base/remedy.ts'
import type { FleetSpec, KernelSpec } from '../base/spec.ts'
import { badName, kernelOf, playbookSuffix } from '../playbook/file-name.ts'
import { sameLesson } from '../playbook/match.ts'
import { restartAt } from '../playbook/run.ts'
import { type Playbook, type PlaybookText, readPlaybookText } from '../playbook/schema.ts'
import { applyPatchText, checkPatch, isPatchIn } from '../repair/patch.ts'

export interface LintFinding {
  readonly level: 'error' | 'warning'
  readonly file: string
  readonly line?: number
  readonly key?: string
  /** What is said of it: a paragraph for an error, a sentence for a warning. */
  readonly text: string
}

/** Every playbook file in the folder, in the order of their names. */
export function playbookFiles(folder: string): string[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter((name) => name.endsWith(playbookSuffix))
  return names.toSorted().map((name) => join(folder, name))
}

/** @param fleet to hold them against; undefined: what needs one is not looked at. */
export function lintFile(file: string, fleet: FleetSpec | undefined): LintFinding[] {
  try {
    if (kernelOf(basename(file)) === undefined) throw badName(file)
    const read = readPlaybookText(file)
    return warningsOf(read, fleet).map(({ path, text }) => {
      const { line } = read.positionOf(path)
      return { level: 'warning', file, line, text }
    })
  } catch (thrown) {
    if (thrown instanceof LazaretError && thrown.code === 'PLAYBOOK_INVALID') return errorsOf(file, thrown)
    throw thrown
  }
}

function errorsOf(file: string, { message, hint, details }: LazaretError): LintFinding[] {
  const { line, key, others } = details
  const first: LintFinding = {
    ...{ level: 'error', file, text: hint === undefined ? message : `${message} ${hint}` },
    ...(typeof line === 'number' && { line }),
    ...(typeof key === 'string' && key !== '' && { key }),
  }
  const rest = Array.isArray(others) ? others.filter((text) => typeof text === 'string') : []
  return [first, ...rest.map((text): LintFinding => ({ level: 'error', file, text }))]
}

interface Warning {
  readonly path: KeyPath
  readonly text: string
}

function warningsOf({ playbooks }: Pick<PlaybookText, 'playbooks'>, fleet: FleetSpec | undefined): Warning[] {
  const warnings: Warning[] = []
  const [first] = playbooks
  const spec = fleet?.kernels.find(({ id }) => id === first?.kernel)
  if (first !== undefined && fleet !== undefined && spec === undefined) {
    warnings.push({ path: ['kernel'], text: `the fleet has no kernel ${first.kernel}, so nothing here is ever used` })
  }
  for (const [index, playbook] of playbooks.entries()) {
    const path = ['playbooks', index]
    const add = (text: string, step?: number) =>
      warnings.push({ path: step === undefined ? path : [...path, 'steps', step], text })
    const twin = sameLesson(
      playbooks.filter((other) => other !== playbook && other.trust !== 'suspended'),
      playbook,
    )
    if (playbook.trust === 'suspended' && twin !== undefined) {
      add(`${playbook.name} is suspended, and ${twin.name} does the same to the same failure: one of them is wrong`)
    }
    if (!playbook.steps.some(changesTheReplay)) {
      add(`${playbook.name} changes nothing that the sandbox replays, so its proof can never hold`)
    }
    for (const [at, step] of playbook.steps.entries()) {
      const text = neverRuns(playbook, at, fleet) ?? (spec && patchProblem(step, spec))
      if (text !== undefined) add(`step ${at + 1}, ${step.do}: ${text}`, at)
    }
  }
  return warnings
}

const notReplayed: ReadonlySet<string> = new Set(['externalMb', 'stopMs', 'askMs'])

/** Whether the failure can be gone in the sandbox because of it. */
function changesTheReplay(step: RemedyStep): boolean {
  return !isLive(step) && !(step.do === 'set_limit' && notReplayed.has(step.limit))
}

/** Why a step's turn can never come, or must fail when it comes. */
function neverRuns(playbook: Playbook, at: number, fleet: FleetSpec | undefined): string | undefined {
  const { kernel, steps, failure } = playbook
  const step = steps[at]
  if (step === undefined) return undefined
  const { onlyIf } = step
  if (onlyIf !== undefined && 'phase' in onlyIf && onlyIf.phase !== failure.phase) {
    return `it can never run: the failure is in ${failure.phase}, its precondition wants ${onlyIf.phase}`
  }
  const known = (id: string) => fleet === undefined || fleet.kernels.some((other) => other.id === id)
  if (onlyIf !== undefined && 'kernel' in onlyIf && !known(onlyIf.kernel.id)) {
    return `its precondition can never hold: the fleet has no kernel ${onlyIf.kernel.id}`
  }
  const other = step.do === 'ask' ? step.kernel : step.do === 'reroute' ? step.to : undefined
  if (other === undefined) return undefined
  if (!known(other)) return `it must fail: the fleet has no kernel ${other}`
  if (step.do === 'reroute' && other === kernel) return 'it must fail: a kernel cannot pass its messages on to itself'
  if (other !== kernel || at > restartAt(steps)) return undefined
  return 'it must fail: the kernel is out of service until restart, so nobody replies'
}

function patchProblem(step: RemedyStep, spec: KernelSpec): string | undefined {
  if (step.do !== 'apply_patch') return undefined
  const folder = new URL('./', spec.entryUrl)
  try {
    checkPatch(step, fileURLToPath(folder))
  } catch (thrown) {
    if (thrown instanceof LazaretError) return `it can never run. ${thrown.message}`
    throw thrown
  }
  return fitProblem(step, fileURLToPath(new URL(step.file, folder)))
}

/** A patch that is in already is the good state: the person has taken it over, and the failure would bring it back. */
function fitProblem({ file, patch, preimageSha256 }: StepOf<'apply_patch'>, path: string): string | undefined {
  if (!existsSync(path)) return `its file ${file} is missing`
  const text = readFileSync(path, 'utf8')
  if (isPatchIn(text, patch) || applyPatchText(text, patch, preimageSha256) !== undefined) return undefined
  return `its patch no longer fits ${file}: the lines around the change are others now`
}
