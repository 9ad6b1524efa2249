/**
 * What a step does, in words: for the comments of a generated playbook and for whoever lists, shows or tries one on the
 * command line. Pure.
 */
import { describeRecord } from '../base/error-record.ts'
import { hunksOf } from '../base/hunks.ts'
import { clipShown, showValue } from '../base/input-problem.ts'
import { describePattern } from '../base/message-pattern.ts'
import type { Precondition, RemedyStep, StepOf, Verdict } from '../base/remedy.ts'
import type { PlaybookComments } from './document.ts'
import type { Lesson } from './generate.ts'

const widthChars = 110

/** One sentence, without an end. */
export function describeStep(step: RemedyStep): string {
  switch (step.do) {
    case 'restore_state':
      return 'Starts from the state of the last golden snapshot; what the kernel learnt since then is lost'
    case 'restore_config':
      return "Uses the configuration of the last golden snapshot, until the fleet's own changes"
    case 'restore_code':
      return "Runs the kernel's files as they were when it was last steady, until they change"
    case 'apply_patch':
      return describePatch(step)
    case 'set_config':
      return `Sets ${step.key} of the configuration to ${showValue(step.value)}, until the fleet says something else there`
    case 'set_limit':
      return `Sets limits.${step.limit} to ${step.value}, until the fleet says something else there`
    case 'park_message':
      return `Refuses one message from now on: ${step.method}() with the very arguments that crashed the kernel`
    case 'park_pattern':
      return `Refuses every message ${clipShown(describePattern(step), 200)} from now on`
    case 'clear_folder':
      return `Empties ${step.folder} in the kernel's data; what was in it is kept until the kernel is steady`
    case 'restart':
      return 'Starts the kernel; the steps after this one are carried out when it serves again'
    case 'reroute':
      return `Passes its messages on to ${step.to} until it serves again`
    case 'wait':
      return `Waits ${step.ms} ms`
    case 'notify':
      return `Tells operators: ${showValue(step.text)}`
    case 'ask': {
      const expects = 'expect' in step ? `, and expects ${showValue(step.expect)}` : ''
      return `Asks ${step.kernel}.${step.method}(${step.args.map(showValue).join(', ')})${expects}`
    }
  }
}

function describePatch({ file, patch }: StepOf<'apply_patch'>): string {
  const hunks = hunksOf(patch)
  const places = hunks.map(({ first, last }) => (first === last ? `line ${first}` : `lines ${first} to ${last}`))
  const out = hunks.reduce((sum, hunk) => sum + hunk.out, 0)
  const into = hunks.reduce((sum, hunk) => sum + hunk.in, 0)
  const size = `${hunks.length} ${hunks.length === 1 ? 'hunk' : 'hunks'}, ${out} out, ${into} in`
  return `Patches ${file} at ${places.join(', ')} (${size})`
}

export function describePrecondition(condition: Precondition): string {
  if ('fileSha256' in condition) return `${condition.fileSha256.file} has the hash ${condition.fileSha256.is}`
  if ('config' in condition)
    return `the configuration has ${condition.config.key}: ${showValue(condition.config.equals)}`
  if ('phase' in condition) return `the kernel failed in ${condition.phase}`
  return `${condition.kernel.id} ${condition.kernel.serves ? 'serves' : 'does not serve'}`
}

/** The comments of a playbook that is made from a repair. @param verdict of its proof, where it is still known. */
export function explainLesson(lesson: Omit<Lesson, 'at'>, verdict: Verdict | undefined): PlaybookComments {
  const { error, phase, remedy, incident } = lesson
  const { steps, agent, why } = remedy
  const above = [
    `The failure: ${clipShown(describeRecord(error), 300)} (in ${phase}).`,
    `The repair, by ${agent}, of ${incident}: ${why}`,
    ...(verdict === undefined ? [] : proofLines(verdict)),
    'Every use is proved anew before it is applied; a use that does not hold suspends it.',
  ]
  return {
    above: above.flatMap(wrap),
    steps: steps.map((step, index) => {
      const what = `Step ${index + 1} of ${steps.length}. ${describeStep(step)}. ${undoing(step)}.`
      return wrap(`${what} Why: ${sentence(why)} ${verdict === undefined ? '' : provedBy(verdict)}`.trim())
    }),
  }
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

function provedBy({ lines, isolation }: Verdict): string {
  const names = lines.filter(({ passed }) => passed).map(({ name }) => name)
  return `Proved (${isolation}): ${names.join(', ')}.`
}

function proofLines({ lines, isolation }: Verdict): string[] {
  return [
    `Its proof, in the sandbox (isolation: ${isolation}):`,
    ...lines.map(({ name, detail }) => `  ${name}: ${clipShown(detail, 300)}`),
  ]
}

/** What becomes of it when the repair does not hold. */
function undoing(step: RemedyStep): string {
  switch (step.do) {
    case 'apply_patch':
      return 'Its hunks are found by their context, so the rest of the file may change. Undone by a roll-back'
    case 'clear_folder':
      return 'A roll-back moves it back'
    case 'ask':
      return step.undo === undefined ? 'Nothing undoes it' : `A roll-back asks ${step.kernel}.${step.undo.method}`
    case 'wait':
    case 'notify':
    case 'restart':
      return 'There is nothing to undo'
    default:
      return 'Undone by a roll-back'
  }
}

/** At spaces; a longer word stays whole. Lines after the first keep the indentation of the first. */
function wrap(text: string): string[] {
  const indent = /^ */.exec(text)?.[0] ?? ''
  const lines: string[] = []
  let line = indent
  for (const word of `${text.trim()}${/[.:]$/.test(text) ? '' : '.'}`.split(/\s+/)) {
    if (line.trim() !== '' && line.length + word.length + 1 > widthChars) {
      lines.push(line)
      line = indent
    }
    line += line.trim() === '' ? word : ` ${word}`
  }
  return [...lines, line]
}
