/** What a replay has shown, as data and as a page for a person: values are redacted in both. */
import { fileURLToPath } from 'node:url'
import { deserialize } from 'node:v8'
import { describeRecord } from '../base/error-record.ts'
import { redact, redactText, safeLine } from '../base/redact.ts'
import type { Evidence, RecordedMessage } from '../base/remedy.ts'
import type { Isolation } from '../base/spec.ts'
import type { Reproduction, Shortest } from '../repair/reproduce.ts'
import type { IsolatedResult } from '../repair/trial.ts'
import type { Workspace } from '../repair/workspace.ts'
import { print } from './command.ts'
import type { Written } from './replay-write.ts'
import { clip, count, duration, pathFromHere, styled, terminalWidth } from './terminal.ts'

export interface ReplayReport {
  readonly incident: string
  readonly kernel: string
  /** Of the incident, in one line. */
  readonly error: string
  readonly phase: Evidence['phase']
  readonly reproduced: boolean
  /** What happened in the sandbox, in words that end a sentence. */
  readonly happened: string
  /** Index of the message at which it failed. */
  readonly at?: number
  readonly messages: {
    readonly recorded: number
    /** The fewest with which it fails; absent where that was not looked for. */
    readonly shortest?: readonly ShownMessage[]
    /** False where the search ended before it was certain that none can be left out. */
    readonly isMinimal?: boolean
  }
  /** Files that have changed since, which were run as they were. Absolute paths. */
  readonly changed: readonly string[]
  /** What the files on disk do with the same messages; absent where they are what ran. */
  readonly now?: { readonly fails: boolean; readonly happened: string }
  /** Why the kernel's data was left out of it. */
  readonly dataLeftOut?: string
  readonly sandbox: { readonly isolation: Isolation; readonly runs: number; readonly ms: number }
  readonly written?: Written
  /** What to do next: one sentence, or a command. */
  readonly next: string
}

interface ShownMessage {
  readonly kind: 'ask' | 'tell'
  readonly from: string
  readonly method: string
  /** Redacted. */
  readonly args: unknown
}

export interface Findings {
  readonly evidence: Evidence
  readonly workspace: Workspace
  readonly reproduction: Reproduction
  readonly result: IsolatedResult
  readonly reproduced: boolean
  readonly shortest?: Shortest | undefined
  readonly now?: IsolatedResult | undefined
  readonly written?: Written | undefined
}

export function reportOf(findings: Findings): ReplayReport {
  const { evidence, workspace, reproduction, result, reproduced, shortest, now, written } = findings
  const { incident, kernel, phase, messages } = evidence
  return {
    ...{ incident, kernel, error: oneLine(describeRecord(evidence.error)), phase, reproduced },
    happened: happenedIn(result),
    ...(result.at === undefined ? {} : { at: result.at }),
    messages: {
      recorded: messages.length,
      ...(shortest && { shortest: shortest.messages.map(shown), isMinimal: shortest.isMinimal }),
    },
    changed: reproduction.changed.map((url) => fileURLToPath(url)),
    ...(now && { now: { fails: now.outcome !== 'passed', happened: happenedIn(now) } }),
    ...(workspace.dataLeftOut === undefined ? {} : { dataLeftOut: workspace.dataLeftOut }),
    sandbox: { isolation: result.isolation, runs: reproduction.runs, ms: Math.round(reproduction.sandboxMs) },
    ...(written && { written }),
    next: nextStep(findings),
  }
}

function oneLine(text: string): string {
  return safeLine(redactText(text))
}

function shown({ kind, from, method, args }: RecordedMessage): ShownMessage {
  return { kind, from, method, args: redact(deserialize(args)) }
}

function happenedIn({ outcome, error, phase, at, refused, needed }: IsolatedResult): string {
  if (refused !== undefined) return `${refused}: it needs ${oneLine(needed ?? 'what the sandbox does not give')}`
  if (outcome === 'passed') return 'it does not fail'
  const where = at === undefined || phase !== 'message' ? `in phase ${phase}` : `at message ${at + 1}`
  return `${error === undefined ? outcome : oneLine(describeRecord(error))}, ${where}`
}

function nextStep({ evidence, reproduced, result, now, written }: Findings): string {
  const { incident, kernel, folder } = evidence
  if (written !== undefined) {
    return written.failsNow
      ? `Mend it until this passes: vitest run ${pathFromHere(written.file)}`
      : 'The files on disk pass it already: keep it, so that it stays mended.'
  }
  if (reproduced) {
    const mended = now?.outcome === 'passed' ? 'The present code does not fail any more. ' : ''
    return `${mended}To keep it as a test: lazaret replay ${incident} --write-test`
  }
  if (result.refused !== undefined) return `A person has to look: ${pathFromHere(folder)}`
  return `What was seen when it happened: ${pathFromHere(folder)}. What became of it: lazaret incidents ${kernel}`
}

/** More messages than a person reads on a terminal are left to --json. */
const messagesShown = 20

export function show(report: ReplayReport): void {
  const { messages, changed, now, sandbox, written, dataLeftOut } = report
  print(`${styled('bold', report.incident)}  ${report.kernel}`)
  const lines: [string, string | undefined][] = [
    ['error', `${report.error} (phase ${report.phase})`],
    ['reproduced', report.reproduced ? styled('red', 'yes') : styled('yellow', 'no')],
    ['sandbox', report.happened],
    ['messages', messagesText(report)],
    ['changed', changed.length === 0 ? undefined : `${changed.map(pathFromHere).join(', ')}; run here as it was then`],
    ['now', now === undefined ? undefined : nowText(now)],
    ['data', dataLeftOut === undefined ? undefined : `the data folder was left out: ${oneLine(dataLeftOut)}`],
    ['cost', `${count(sandbox.runs, 'run')}, ${duration(sandbox.ms)} of sandbox, isolation ${sandbox.isolation}`],
    ['test', written === undefined ? undefined : `${pathFromHere(written.file)}${struckText(written)}`],
  ]
  for (const [name, value] of lines) {
    if (value !== undefined) print(`  ${styled('dim', name.padEnd(10))}  ${value}`)
    if (name === 'messages') showMessages(messages.shortest ?? [])
  }
  if (written !== undefined) print('', 'It holds recorded values: look whether they may be in your repository.')
  print('', report.next)
}

function messagesText({ messages: { recorded, shortest, isMinimal } }: ReplayReport): string | undefined {
  if (shortest === undefined) return recorded === 0 ? 'none were recorded' : `${recorded} recorded`
  if (recorded === 0) return 'none were recorded: it fails without one'
  if (shortest.length === 0) return `none of ${recorded} is needed`
  const doubt = isMinimal === false ? '; fewer may do, the search was ended' : ''
  const verb = shortest.length === 1 ? 'is' : 'are'
  return `${shortest.length} of ${recorded} ${verb} enough${doubt}:`
}

function showMessages(messages: readonly ShownMessage[]): void {
  const room = (terminalWidth() ?? 120) - 16
  for (const [index, { kind, method, args }] of messages.slice(0, messagesShown).entries()) {
    const list = Array.isArray(args) ? args.map((arg) => JSON.stringify(arg) ?? 'undefined').join(', ') : ''
    const mark = kind === 'tell' ? styled('dim', ' (tell)') : ''
    print(`    ${String(index + 1).padStart(8)}  ${clip(safeLine(`${method}(${list})`), room)}${mark}`)
  }
  const more = messages.length - messagesShown
  if (more > 0) print(`              ${count(more, 'more message', 'more messages')}: see --json`)
}

function nowText(now: NonNullable<ReplayReport['now']>): string {
  return now.fails ? `the files on disk fail too: ${now.happened}` : styled('green', 'the files on disk do not fail')
}

function struckText({ struck }: Written): string {
  return struck === 0 ? '' : ` (${count(struck, 'value')} that look like secrets struck out; it fails without them)`
}
