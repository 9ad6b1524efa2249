/**
 * What an MCP client can do for a kernel: each tool with what it takes, what it gives, and its way to the runtime. Texts
 * from evidence and sources are fenced and labelled as data; the runtime checks everything again.
 */
import { z } from 'zod'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Verdict } from '../base/remedy.ts'
import { claimOf } from '../escalation/task.ts'
import type { TaskRow } from '../journal/rows.ts'
import { fence } from '../repair/agents/fence.ts'
import type { Submitted } from '../supervisor/submission.ts'
import type { TaskDetail } from '../supervisor/task-detail.ts'
import type { Tried, TriedRun } from '../supervisor/try-out.ts'
import type { Link } from './connection.ts'
import { readEvidence } from './mcp-evidence.ts'

/** What all tools of one connection share. */
export interface Desk {
  /** Under which name this client has claimed which task. */
  readonly claims: Map<string, string>
  /** @param signal hangs up. @throws LazaretError CONTROL_FAILED where no runtime answers. */
  ask<T>(signal: AbortSignal, use: (link: Link) => Promise<T>): Promise<T>
}

/** The same twice: for people and models, and for programs. */
export interface Shown {
  readonly text: string
  readonly facts: Record<string, unknown>
}

export interface Tool {
  readonly name: string
  readonly config: {
    readonly title: string
    readonly description: string
    readonly inputSchema: z.ZodObject
    readonly outputSchema: z.ZodObject
    readonly annotations: { readonly readOnlyHint: boolean; readonly openWorldHint: false }
  }
  run(args: unknown, signal: AbortSignal): Promise<Shown>
}

interface ToolOptions<In extends z.ZodRawShape> {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly takes: In
  readonly gives: z.ZodRawShape
  /** Default: it only reads. */
  readonly changes?: true
  run(args: z.infer<z.ZodObject<In>>, signal: AbortSignal): Promise<Shown>
}

export type ToolMaker = <In extends z.ZodRawShape>(options: ToolOptions<In>) => Tool

const tool: ToolMaker = <In extends z.ZodRawShape>(options: ToolOptions<In>): Tool => {
  const { name, title, description, gives, changes } = options
  const inputSchema = z.strictObject(options.takes)
  const annotations = { readOnlyHint: changes !== true, openWorldHint: false } as const
  return {
    name,
    config: { title, description, inputSchema, outputSchema: z.object(gives), annotations },
    run: (args, signal) => options.run(inputSchema.parse(args) as z.infer<z.ZodObject<In>>, signal),
  }
}

const task = z.string().min(1).max(100).describe('Id of the task, as list_tasks gives it')
const patch = z
  .string()
  .min(1)
  .max(limits.patchBytes)
  .describe(
    'A unified diff (--- a/kernel.ts, +++ b/kernel.ts, @@ hunks), with names relative to the folder of the kernel',
  )
const worker = z.string().min(1).max(limits.taskClaimChars)
const run = z.object({
  ...{ outcome: z.string(), phase: z.string(), error: z.string().optional(), at: z.number().optional() },
  ...{ needed: z.string().optional(), log: z.array(z.string()), durationMs: z.number() },
})
const line = z.object({ name: z.string(), passed: z.boolean(), detail: z.string() })
const verdict = z.object({
  ...{ passed: z.boolean(), lines: z.array(line), refusal: z.string().optional(), isolation: z.string() },
})

export function toolsOf(desk: Desk): Tool[] {
  return [
    ...[listTasks(desk), claimTask(desk), releaseTask(desk), readEvidence(desk, tool, task)],
    ...[replay(desk), submitPatch(desk), verdicts(desk)],
  ]
}

function listTasks(desk: Desk): Tool {
  const row = z.object({
    ...{ task: z.string(), kernel: z.string(), error: z.string(), priority: z.number(), createdAt: z.number() },
    ...{ claimedBy: z.string().optional(), claimedUntil: z.number().optional(), proposes: z.string().optional() },
  })
  return tool({
    ...{ name: 'list_tasks', title: 'List tasks', takes: {}, gives: { tasks: z.array(row) } },
    description: 'Open tasks, the most urgent first: which kernel failed, with what, and who works on it.',
    async run(_, signal) {
      const rows = await desk.ask(signal, (link) => link.ask<TaskRow[]>('tasks', { status: 'open' }))
      const tasks = rows.map((found) => {
        const claim = claimOf(found, Date.now())
        return {
          ...{ task: found.id, kernel: found.kernel, error: found.error, priority: found.priority },
          createdAt: found.createdAt,
          ...(claim && { claimedBy: claim.by, claimedUntil: claim.until }),
          ...(found.remedy && { proposes: found.remedy.agent }),
        }
      })
      const text = tasks.map(
        (each) => `${each.task}: ${each.kernel}${each.claimedBy ? `, claimed by ${each.claimedBy}` : ''}`,
      )
      const errors = tasks.map((each) => `${each.task}: ${each.error}`).join('\n')
      return {
        text: tasks.length === 0 ? 'No open task.' : `${text.join('\n')}\n${fence('the errors', errors)}`,
        facts: { tasks },
      }
    },
  })
}

function claimTask(desk: Desk): Tool {
  return tool({
    ...{ name: 'claim_task', title: 'Claim a task', changes: true },
    description:
      'Say that you work on a task, so that nobody else does. It holds for an hour; claim again to renew it.',
    takes: { task, worker: worker.describe('Your name') },
    gives: { task: z.string(), claimedBy: z.string(), claimedUntil: z.number() },
    async run({ task: id, worker: by }, signal) {
      const detail = await desk.ask(signal, (link) => link.ask<TaskDetail>('claimTask', { task: id, by }))
      desk.claims.set(id, by)
      const { until } = detail.claim ?? { until: 0 }
      return {
        text: `${id} is yours until ${new Date(until).toISOString()}. Read TASK.md with read_evidence.`,
        facts: { task: id, claimedBy: by, claimedUntil: until },
      }
    },
  })
}

function releaseTask(desk: Desk): Tool {
  return tool({
    ...{ name: 'release_task', title: 'Release a task', changes: true, takes: { task }, gives: { task: z.string() } },
    description: 'Let a task go that you have claimed over this connection.',
    async run({ task: id }, signal) {
      const by = desk.claims.get(id)
      if (by === undefined) {
        throw new LazaretError('COMMAND_REFUSED', `${id} was not claimed over this connection.`, {
          hint: 'Claim it first, under your name: claim_task',
        })
      }
      await desk.ask(signal, (link) => link.ask<TaskDetail>('releaseTask', { task: id, by }))
      desk.claims.delete(id)
      return { text: `${id} is free.`, facts: { task: id } }
    },
  })
}

function replay(desk: Desk): Tool {
  return tool({
    ...{ name: 'replay', title: 'Replay the failure', takes: { task, patch: patch.optional() } },
    description:
      'Replays the recorded messages in a sandbox, as they failed, and with a patch if one is given: then check.ts runs, too. Nothing is handed in.',
    gives: {
      ...{ reproduced: z.boolean(), messages: z.number(), before: run, after: run.optional(), check: run.optional() },
      ...{ changed: z.array(z.string()), isolation: z.string() },
    },
    async run({ task: id, patch: diff }, signal) {
      const params = { task: id, ...(diff !== undefined && { diff }) }
      const tried = await desk.ask(signal, (link) => link.ask<Tried>('tryOut', params))
      const lines = [
        `${tried.reproduced ? 'It fails as in service' : 'It does not fail as in service'}: ${runText(tried.before)}`,
        ...(tried.after ? [`With the patch: ${runText(tried.after)}`] : []),
        ...(tried.check ? [`check.ts with the patch: ${runText(tried.check)}`] : []),
        ...tried.changed.map((file) => `${file} was changed since the crash: a proof will refuse it.`),
        ...logOf('before', tried.before),
        ...(tried.after ? logOf('after', tried.after) : []),
      ]
      return { text: fence('what happened in the sandbox', lines.join('\n')), facts: { ...tried } }
    },
  })
}

function runText({ outcome, phase, at, error, needed }: TriedRun): string {
  const where = at === undefined ? '' : `, message ${at}`
  const what = [error, needed === undefined ? undefined : `it needs ${needed}`].filter((part) => part !== undefined)
  return `${outcome} (${phase}${where})${what.length === 0 ? '' : `: ${what.join('; ')}`}`
}

function logOf(when: string, { log }: TriedRun): string[] {
  return log.map((said) => `log ${when}: ${said}`)
}

function submitPatch(desk: Desk): Tool {
  return tool({
    ...{ name: 'submit_patch', title: 'Hand in a patch', changes: true },
    description:
      'Hands a patch in. It is proved in a sandbox, line by line; one that holds is applied on probation, or waits for a person, as the kernel is set. Takes seconds to minutes.',
    takes: { task, patch, why: z.string().max(limits.taskWhyChars).describe('One sentence: what was wrong') },
    gives: {
      outcome: z.enum(['applied', 'waiting', 'refused']),
      ...{ verdict: verdict.optional(), why: z.string().optional(), state: z.string(), servedBy: z.string() },
    },
    async run({ task: id, patch: diff, why }, signal) {
      const by = desk.claims.get(id)
      const params = { task: id, diff, why, by: 'mcp', ...(by !== undefined && { worker: by }) }
      const done = await desk.ask(signal, (link) => link.ask<Submitted>('submit', params))
      const { state, servedBy } = done.status
      const isUnwritten = done.outcome === 'refused' && done.verdict?.passed === true
      const told = done.verdict ? verdictLines(done.verdict) : [done.why ?? 'There is no verdict.']
      return {
        text: `${isUnwritten ? 'It is proved, and could not be applied.' : outcomes[done.outcome]} The kernel is ${state}, served by ${servedBy}.\n${fence('the verdict', told.join('\n'))}`,
        facts: {
          ...{ outcome: done.outcome, state, servedBy },
          ...(done.verdict && { verdict: verdictFacts(done.verdict) }),
          ...(done.why !== undefined && { why: done.why }),
        },
      }
    },
  })
}

const outcomes: Readonly<Record<Submitted['outcome'], string>> = {
  applied: 'It is proved, and was applied on probation.',
  waiting: 'It is proved, and waits for the approval of a person.',
  refused: 'It does not hold; nothing was changed.',
}

function verdictFacts({ passed, lines, refusal, isolation }: Verdict): z.infer<typeof verdict> {
  const shown = lines.map(({ name, passed, detail }) => ({ name, passed, detail }))
  return { passed, lines: shown, isolation, ...(refusal !== undefined && { refusal }) }
}

function verdictLines({ lines, refusal }: Verdict): string[] {
  const judged = lines.map(({ name, passed, detail }) => `${passed ? 'passed' : 'failed'}  ${name}: ${detail}`)
  return [...judged, ...(refusal === undefined ? [] : [`refused: ${refusal}`])]
}

function verdicts(desk: Desk): Tool {
  const attempt = z.object({
    ...{ n: z.number(), agent: z.string(), outcome: z.string(), why: z.string(), verdict: verdict.optional() },
  })
  return tool({
    ...{ name: 'verdict', title: 'Verdicts', takes: { task } },
    description:
      'Every repair that was tried for a task, with its verdict, and what has become of the task and its kernel.',
    gives: {
      ...{ task: z.string(), status: z.string(), kernel: z.string(), outcome: z.string().optional() },
      ...{ state: z.string().optional(), claimedBy: z.string().optional(), attempts: z.array(attempt) },
    },
    async run({ task: id }, signal) {
      const detail = await desk.ask(signal, (link) => link.ask<TaskDetail>('task', { task: id }))
      const { status, kernel, outcome } = detail.task
      const attempts = detail.attempts.map(({ n, agent, outcome, why, verdict }) => ({
        ...{ n, agent, outcome, why },
        ...(verdict && { verdict: verdictFacts(verdict) }),
      }))
      const lines = detail.attempts.flatMap(({ n, agent, outcome, why, verdict }) => [
        `repair ${n} by ${agent}: ${outcome}. ${why}`,
        ...(verdict ? verdictLines(verdict) : []),
      ])
      const state = detail.status?.state
      const head = `${id} is ${status}${outcome ? `: ${outcome}` : ''}. ${kernel} is ${state ?? 'no kernel of the fleet any more'}.`
      return {
        text: lines.length === 0 ? head : `${head}\n${fence('what was tried', lines.join('\n'))}`,
        facts: {
          ...{ task: id, status, kernel, attempts },
          ...(outcome !== undefined && { outcome }),
          ...(state !== undefined && { state }),
          ...(detail.claim && { claimedBy: detail.claim.by }),
        },
      }
    },
  })
}
