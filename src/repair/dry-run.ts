/**
 * What each step of a remedy would do to a kernel as it is now: whether its patch fits and at which lines, whether its
 * precondition holds, what it would park. Nothing is changed, run or proved. What can only be seen in a running fleet is
 * handed in, or said to be unknown.
 */
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { hunksOf } from '../base/hunks.ts'
import { isLive, type RecordedMessage, type RemedyStep } from '../base/remedy.ts'
import { type ApplyTo, applySteps, isParked, urlOfFile } from './apply.ts'
import { checkPatch, isPatchIn, makePatch } from './patch.ts'

export interface DryRunInput extends ApplyTo {
  readonly kernel: string
  readonly steps: readonly RemedyStep[]
  /** Those of the open incident; absent where there is none. */
  readonly messages?: readonly RecordedMessage[] | undefined
  /** The kernel's own data folder. */
  readonly dataDirOfKernel: string
  /** Whether a kernel serves; undefined for one that the fleet does not have. Absent: no runtime runs. */
  readonly serves?: ((kernel: string) => boolean | undefined) | undefined
}

export type DryOutcome = 'would be done' | 'left out' | 'refused' | 'not known'

export interface DryStep {
  /** 1 is the first. */
  readonly n: number
  readonly do: RemedyStep['do']
  readonly outcome: DryOutcome
  /** One sentence. */
  readonly detail: string
}

type Found = Omit<DryStep, 'n' | 'do'>

export function dryRun(input: DryRunInput): DryStep[] {
  const { steps } = input
  const rows: DryStep[] = []
  let isBroken = false
  for (const [index, step] of steps.entries()) {
    const found: Found = isBroken
      ? { outcome: 'not known', detail: 'A step in front of it is refused.' }
      : isLive(step)
        ? liveStep(step, input)
        : provableStep(index, input)
    isBroken ||= found.outcome === 'refused'
    rows.push({ n: index + 1, do: step.do, ...found })
  }
  return rows
}

function provableStep(index: number, input: DryRunInput): Found {
  const { steps, kernelFolderUrl } = input
  const step = steps[index]
  if (step === undefined) return { outcome: 'not known', detail: 'There is no such step.' }
  try {
    if (step.do === 'apply_patch') checkPatch(step, fileURLToPath(kernelFolderUrl))
    const before = applySteps(steps.slice(0, index), input)
    const after = applySteps(steps.slice(0, index + 1), input)
    if (after.leftOut.includes(index)) return { outcome: 'left out', detail: 'Its precondition does not hold now.' }
    return { outcome: 'would be done', detail: detailOf(step, input, before.overlay, after) }
  } catch (thrown) {
    if (!(thrown instanceof LazaretError)) throw thrown
    if (thrown.code === 'NOT_FOUND' && input.serves === undefined) {
      return { outcome: 'not known', detail: 'The golden snapshot is known to a running runtime only.' }
    }
    return { outcome: 'refused', detail: refusalOf(step, input, thrown) }
  }
}

function textBefore(file: string, input: DryRunInput, overlay: ReturnType<typeof applySteps>['overlay']) {
  const url = urlOfFile(file, input.kernelFolderUrl)
  return { url, text: overlay[url]?.text ?? input.sources[url] ?? '' }
}

function refusalOf(step: RemedyStep, input: DryRunInput, { message }: LazaretError): string {
  if (step.do !== 'apply_patch') return message
  return isPatchIn(textBefore(step.file, input, {}).text, step.patch)
    ? `The patch is in ${step.file} already.`
    : message
}

function detailOf(
  step: RemedyStep,
  input: DryRunInput,
  before: ReturnType<typeof applySteps>['overlay'],
  after: ReturnType<typeof applySteps>,
): string {
  switch (step.do) {
    case 'apply_patch': {
      const { url, text } = textBefore(step.file, input, before)
      const now = after.overlay[url]?.text ?? text
      const places = hunksOf(makePatch(step.file, text, now)).map(({ first, last }) =>
        first === last ? `${first}` : `${first}-${last}`,
      )
      return `Its hunks fit ${step.file} at line ${places.join(', ')}.`
    }
    case 'restore_code': {
      const changed = Object.keys(after.overlay).length
      if (changed === 0) return 'No file differs from golden.'
      return changed === 1 ? '1 file would be served as it was.' : `${changed} files would be served as they were.`
    }
    case 'restore_config':
      return after.config === undefined
        ? 'The configuration is the golden one.'
        : 'The configuration differs from golden.'
    case 'park_message':
    case 'park_pattern':
      return parkedDetail(input.messages, after)
    case 'clear_folder':
      return folderDetail(join(input.dataDirOfKernel, ...step.folder.split('/')), step.folder)
    default:
      return 'Nothing stands in its way.'
  }
}

function parkedDetail(messages: DryRunInput['messages'], after: ReturnType<typeof applySteps>): string {
  if (messages === undefined) return 'There are no recorded messages to hold it against.'
  const parked = messages.filter((message) => isParked(message, after)).length
  return `${parked} of the ${messages.length} recorded messages would be parked.`
}

function folderDetail(path: string, folder: string): string {
  try {
    if (!lstatSync(path).isDirectory()) return `${folder} is no folder, so it would be refused in service.`
    const { length } = readdirSync(path)
    return `${folder} has ${length} ${length === 1 ? 'entry' : 'entries'}.`
  } catch (thrown) {
    const { code, message } = toRecord(thrown)
    return code === 'ENOENT' ? `There is no ${folder}, so there is nothing to do.` : message
  }
}

function liveStep(step: RemedyStep, { serves, kernel, ...input }: DryRunInput): Found {
  const { onlyIf } = step
  if (onlyIf !== undefined) {
    if ('kernel' in onlyIf) {
      if (serves === undefined) return { outcome: 'not known', detail: 'No runtime runs.' }
      const holds = serves(onlyIf.kernel.id) === onlyIf.kernel.serves
      if (!holds) return { outcome: 'left out', detail: 'Its precondition does not hold now.' }
    } else if (applySteps([{ do: 'clear_folder', folder: '-', onlyIf }], input).leftOut.length > 0) {
      return { outcome: 'left out', detail: 'Its precondition does not hold now.' }
    }
  }
  const other = step.do === 'ask' ? step.kernel : step.do === 'reroute' ? step.to : undefined
  if (other === undefined || other === kernel) return { outcome: 'would be done', detail: 'Nothing stands in its way.' }
  if (serves === undefined) return { outcome: 'not known', detail: `Whether ${other} serves: no runtime runs.` }
  const isServing = serves(other)
  if (isServing === undefined) return { outcome: 'refused', detail: `The fleet has no kernel ${other}.` }
  return { outcome: 'would be done', detail: isServing ? `${other} serves.` : `${other} does not serve now.` }
}
