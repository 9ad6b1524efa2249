/** The task as an agent from outside reads it, TASK.md: what failed, where, the rules, and how its work is judged. */
import { describeRecord } from '../../base/error-record.ts'
import { limits } from '../../base/limits.ts'
import { redactText } from '../../base/redact.ts'
import type { Evidence, Verdict } from '../../base/remedy.ts'
import { fence, fenceRule, oneLine } from './fence.ts'
import { evidenceName, type WorkFile, type WorkFolder } from './work-folder.ts'

/** What was tried before in this repair, and why it was refused. */
export interface Feedback {
  /** Unified diffs; empty where nothing was proposed. */
  readonly diff: string
  readonly refusal: string
}

const phases: Readonly<Record<Evidence['phase'], string>> = {
  import: 'while its module was loaded',
  start: 'in start()',
  message: 'while it handled a message',
  idle: 'while no message was in hand (a timer, a stream, a floating promise)',
  snapshot: 'while its state was taken',
  stop: 'while it was stopped',
}

export type TaskOptions = {
  readonly evidence: Evidence
  readonly folder: Pick<WorkFolder, 'files'>
  readonly feedback: readonly Feedback[]
} & (
  | { readonly attempts: number; readonly minutes: number }
  /** How the work is handed in, where nobody waits for it. */
  | { readonly handIn: string }
)

export function taskText(options: TaskOptions): string {
  const { evidence, folder, feedback } = options
  const { kernel, phase, messages, error } = evidence
  const named = (kind: WorkFile['kind']) =>
    folder.files.flatMap((file) => (file.kind === kind ? [`- \`${file.file}\``] : []))
  const checks = named('check')
  const others = named('other')
  return [
    `# Repair the kernel \`${kernel}\``,
    `It is a long-lived part of a Node.js application. It failed ${phases[phase]}, again and again, and is out of service.`,
    fence('the error', redactText(`${describeRecord(error)}\n${error.stack ?? ''}`), limits.agentVerdictChars),
    fenceRule,
    '## Files',
    'You may change these, in place. They are copies, as they ran when the kernel failed:',
    named('source').join('\n'),
    ...(checks.length === 0 ? [] : [`To be read only, since it judges the repair:\n${checks.join('\n')}`]),
    ...(others.length === 0
      ? []
      : [`To be read only, since the kernel did not load them from its folder:\n${others.join('\n')}`]),
    `Evidence, in \`${evidenceName}/\`: \`error.json\`, \`kernel.log\` (its last lines), \`messages.jsonl\` (the ${messages.length} recorded messages, secrets struck out), \`config.json\`. What is missing was not there.`,
    '## Rules',
    [
      '- Change as little as mends the cause. Do not swallow the error, and do not special-case the recorded messages: other recorded traffic is replayed, too.',
      '- Change existing source files only. New, deleted and renamed files are refused; so are changes to checks, tests, package.json and anything outside this folder.',
      '- No new dependencies, and no network: what you leave behind runs in a sandbox first.',
    ].join('\n'),
    '## How it is judged',
    'Your diff is taken and proved in a sandbox: the recorded messages must fail without it and be handled with it; the check must hold; healthy traffic must get the replies that it got. Nothing that you say about it counts.',
    'handIn' in options ? options.handIn : boundText(options),
    ...feedback.map(earlier),
    '',
  ].join('\n\n')
}

function boundText({ attempts, minutes }: { readonly attempts: number; readonly minutes: number }): string {
  return `You have ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'} and ${minutes} ${minutes === 1 ? 'minute' : 'minutes'} in all.`
}

function earlier({ diff, refusal }: Feedback, index: number): string {
  return [
    `## Attempt ${index + 1} was refused`,
    fence('why', refusal, limits.agentVerdictChars),
    ...(diff === '' ? [] : [fence('what it changed', diff, limits.agentVerdictChars)]),
  ].join('\n\n')
}

/** A verdict in words, for the next attempt. */
export function verdictText({ refusal, lines }: Verdict): string {
  const told = lines.map(({ name, passed, detail }) => `${passed ? 'holds' : 'DOES NOT HOLD'}: ${name}: ${detail}`)
  return [oneLine(refusal ?? 'refused', limits.agentVerdictChars), ...told].join('\n')
}
