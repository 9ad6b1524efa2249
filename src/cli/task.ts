/** `lazaret task <id>`: one task in full, the folder to mend it in, who works on it, and the repair that is handed in. */
import { type Command, Option } from 'commander'
import { LazaretError } from '../base/errors.ts'
import type { LazaretEvent } from '../base/events.ts'
import { redactText, safeLine } from '../base/redact.ts'
import type { HandOver } from '../repair/hand-over.ts'
import type { Submitted } from '../supervisor/submission.ts'
import { type TaskDetail, taskDetail } from '../supervisor/task-detail.ts'
import { showAttempt, showVerdict } from './attempt-text.ts'
import { type CommonOptions, newCommand, print, printJson } from './command.ts'
import { readEither, withRuntime } from './connection.ts'
import { failUnlessServing, showAfter } from './kernel-command.ts'
import { withProgress } from './progress.ts'
import { kernelOfTask } from './tasks.ts'
import { ago, count, duration, pathFromHere, styled } from './terminal.ts'

interface TaskOptions extends CommonOptions {
  /** true: the default folder. */
  readonly workspace?: string | true
  readonly claim?: string
  readonly release?: true
  readonly submit?: string
  readonly why?: string
}

const example = `lazaret task task_019ab3f0-...
lazaret task task_019ab3f0-... --workspace mended
lazaret task task_019ab3f0-... --submit mended --why 'The rate may be absent.'`

export function taskCommand(): Command {
  const others = (...names: string[]) =>
    ['workspace', 'claim', 'release', 'submit'].filter((name) => !names.includes(name))
  return newCommand('task', 'show a task, get its folder, claim it, or hand in a repair', example)
    .argument('<id>', 'its id')
    .addOption(
      new Option('--workspace [folder]', 'write the kernel as it ran, its check and the evidence there').conflicts(
        others('workspace'),
      ),
    )
    .addOption(new Option('--claim <name>', 'say that you work on it, for an hour').conflicts(others('claim')))
    .addOption(new Option('--release', 'let it go, whoever has claimed it').conflicts(others('release')))
    .addOption(
      new Option('--submit <path>', 'prove the changes in that folder, or a diff, and apply them').conflicts(
        others('submit'),
      ),
    )
    .option('--why <sentence>', 'what was wrong, for whoever reads the journal; with --submit')
    .action((id: string, options: TaskOptions) => run(id, options))
}

async function run(id: string, options: TaskOptions): Promise<void> {
  if (options.submit !== undefined) return submit(id, options.submit, options)
  if (options.why !== undefined) {
    throw new LazaretError('OPTION_INVALID', '--why belongs to a repair that is handed in.', {
      hint: `Say it with: lazaret task ${id} --submit <path> --why <sentence>`,
    })
  }
  if (options.workspace !== undefined) {
    return handOver(id, options.workspace === true ? id : options.workspace, options)
  }
  if (options.claim !== undefined) return word('claimTask', { task: id, by: options.claim }, options)
  if (options.release === true) return word('releaseTask', { task: id }, options)
  return show(id, options)
}

async function word(op: 'claimTask' | 'releaseTask', params: Record<string, unknown>, options: TaskOptions) {
  const detail = await withRuntime(options.dataDir, (link) => link.ask<TaskDetail>(op, params))
  if (options.json) printJson(detail)
  else if (detail.claim === undefined) print(`${detail.task.id} is free.`)
  else print(`${detail.task.id} is claimed by ${claimText(detail.claim, Date.now())}.`)
}

function claimText({ by, until }: NonNullable<TaskDetail['claim']>, nowMs: number): string {
  return `${safeLine(by)}, for another ${duration(Math.max(0, until - nowMs))}`
}

async function handOver(id: string, folder: string, { dataDir, json }: TaskOptions): Promise<void> {
  const handedOver = await withRuntime(dataDir, (link) => link.ask<HandOver>('handOver', { task: id }))
  const { writeHandOver } = await import('./handed-over.ts')
  await writeHandOver(folder, handedOver, dataDir)
  const { kernel, files, evidence } = handedOver
  const named = (kind: string) => files.flatMap((file) => (file.kind === kind ? [file.file] : []))
  if (json) {
    const names = evidence.map(({ name }) => name)
    printJson({
      folder,
      kernel,
      sources: named('source'),
      checks: named('check'),
      others: named('other'),
      evidence: names,
    })
    return
  }
  print(`${kernel} as it ran is in ${styled('bold', pathFromHere(folder))}:`)
  print(`  TASK.md      what failed, the rules, how it is judged`)
  print(`  to change    ${named('source').map(safeLine).join(', ')}`)
  for (const [title, kind] of [
    ['the check', 'check'],
    ['to read', 'other'],
  ] as const) {
    if (named(kind).length > 0) print(`  ${title.padEnd(11)}  ${named(kind).map(safeLine).join(', ')}`)
  }
  print(`  evidence/    ${evidence.map(({ name }) => name).join(', ') || 'nothing was captured'}`)
  print('', `Mend it there, then: lazaret task ${id} --submit ${inShell(folder)}`)
}

function inShell(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}

async function submit(id: string, path: string, { dataDir, json, why }: TaskOptions): Promise<void> {
  const { readSubmission } = await import('./handed-over.ts')
  const kernel = await kernelOfTask(id, dataDir)
  const about = (event: LazaretEvent) => kernel !== undefined && event.kernel === kernel
  const { submitted, leftOut } = await withProgress(
    { dataDir, ...(json && { json }) },
    `proving ${id}`,
    about,
    async (link) => {
      const read = await readSubmission(path, async () => (await link.ask<HandOver>('handOver', { task: id })).files)
      const params = { task: id, diff: read.diff, by: 'person', ...(why !== undefined && { why }) }
      return { submitted: await link.ask<Submitted>('submit', params), leftOut: read.leftOut }
    },
  )
  if (json) printJson({ ...submitted, leftOut })
  else showSubmitted(submitted, leftOut)
  if (submitted.outcome === 'refused') process.exitCode = 1
  else if (submitted.outcome === 'applied') failUnlessServing(submitted.status)
}

const outcomes: Readonly<Record<Submitted['outcome'], string>> = {
  applied: 'It is proved, and applied on probation.',
  waiting: 'It is proved, and waits for approval.',
  refused: 'It does not hold, and nothing was changed.',
}

function showSubmitted({ outcome, verdict, why, status }: Submitted, leftOut: readonly string[]): void {
  if (leftOut.length > 0) print(`Left out, as it is no source file: ${leftOut.map(safeLine).join(', ')}`)
  if (verdict !== undefined) showVerdict(verdict, '')
  const isUnwritten = outcome === 'refused' && verdict?.passed === true
  const said = isUnwritten ? 'It is proved, and could not be applied.' : outcomes[outcome]
  print(styled(outcome === 'refused' ? 'red' : 'green', said))
  if (why !== undefined) print(safeLine(redactText(why)))
  showAfter(status)
}

async function show(id: string, { dataDir, json }: TaskOptions): Promise<void> {
  const { found } = await readEither<TaskDetail>(
    dataDir,
    (link) => link.ask('task', { task: id }),
    (journal) => taskDetail(journal, id, Date.now()),
  )
  if (json) printJson(found)
  else showDetail(found, Date.now())
}

/** Repairs that were tried are shown from the end: the others are in `lazaret incidents <id>`. */
const attemptsShown = 3

function showDetail({ task, incident, attempts, claim, status }: TaskDetail, nowMs: number): void {
  const { remedy, expiresAt } = task
  const where = status === undefined ? '' : ` (${status.state}, served by ${status.servedBy})`
  const lines: [string, string | undefined][] = [
    ['kernel', `${task.kernel}${where}`],
    ['status', styled(task.status === 'open' ? 'yellow' : 'dim', task.status)],
    ['outcome', task.outcome],
    ['error', task.error],
    ['incident', incident === undefined ? task.incident : `${incident.id}, ${incident.status}`],
    ['evidence', task.diagnosticPath === '' ? undefined : pathFromHere(task.diagnosticPath)],
    ['created', `${new Date(task.createdAt).toISOString()}, ${ago(task.createdAt, nowMs)}`],
    ['claimed by', claim && claimText(claim, nowMs)],
    ['proposes', remedy && `${remedy.agent}: ${remedy.why}`],
    ['expires', remedy && expiresAt !== undefined ? expiryText(expiresAt, nowMs) : undefined],
  ]
  print(styled('bold', task.id))
  for (const [name, value] of lines) {
    if (value !== undefined)
      print(`  ${styled('dim', name.padEnd(11))}  ${name === 'status' ? value : safeLine(redactText(value))}`)
  }
  const earlier = attempts.length - attemptsShown
  if (earlier > 0) print('', `  ${count(earlier, 'earlier repair')}: lazaret incidents ${task.incident}`)
  for (const attempt of attempts.slice(-attemptsShown)) showAttempt(attempt)
  if (task.status === 'open') print('', ...nextSteps(task.id, remedy !== undefined, status))
}

function expiryText(at: number, nowMs: number): string {
  return at > nowMs ? `in ${duration(at - nowMs)}` : `${ago(at, nowMs)}`
}

function nextSteps(id: string, hasRemedy: boolean, status: TaskDetail['status']): string[] {
  if (status === undefined) return ['No runtime runs here, so nothing can be handed in: lazaret run']
  if (status.state !== 'quarantined.parked') return ['Its repair is under way, or it is on probation: lazaret status']
  const approval = hasRemedy
    ? [`To apply what is proved: lazaret approve ${id}`, `Not to apply it: lazaret reject ${id}`]
    : []
  return [...approval, `To mend it by hand: lazaret task ${id} --workspace`]
}
