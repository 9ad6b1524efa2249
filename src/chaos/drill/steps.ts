/**
 * Whether each step of the ladder ran, judged by what was said, asked and written during a round. A step is held to have
 * run only by something that it left: an event, an answer, a file that can be read back.
 */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describeRecord, type ErrorRecord, toRecord } from '../../base/error-record.ts'
import type { EventType, LazaretEvent } from '../../base/events.ts'
import type { ProofLine } from '../../base/remedy.ts'
import type { KernelSpec } from '../../base/spec.ts'
import { count } from '../../base/words.ts'
import { readEvidence } from '../../diagnostics/replay.ts'
import type { DrillStep, DrillStepName } from './report.ts'
import type { Probe, Round } from './round.ts'

type Judged = Omit<DrillStep, 'name' | 'tookMs'> & { readonly at?: number }

const of = (round: Round, type: EventType): LazaretEvent[] => round.events.filter((event) => event.type === type)
const first = (round: Round, type: EventType) => of(round, type)[0]

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

export function step(name: DrillStepName, round: Round, { at, ...judged }: Judged): DrillStep {
  return { name, ...judged, ...(judged.ran && at !== undefined && { tookMs: Math.max(0, at - round.beganAt) }) }
}

const notRun = (shown: readonly string[], look: string): Judged => ({ ran: false, shown, look })

/** 1: the budget is spent, and there is one incident, one task, and word to the operators. */
export function escalated(round: Round): Judged {
  const crashes = beforeRepair(round)
  const opened = of(round, 'incident.opened')
  const tasks = of(round, 'task.created')
  const told = round.notices.find(({ kind }) => kind === 'incident.opened')
  const spent = first(round, 'restart.exhausted')
  const budget = spent === undefined ? 'no restart could mend it' : 'the restart budget is spent'
  const shown = [
    `${count(crashes, 'crash', 'crashes')}, ${budget}`,
    `${count(opened.length, 'incident')}, ${count(tasks.length, 'task')}`,
  ]
  shown.push(told === undefined ? 'operators were not told' : 'operators told')
  const at = Math.max(opened[0]?.at ?? 0, tasks[0]?.at ?? 0)
  if (opened.length === 1 && tasks.length === 1 && told !== undefined) return { ran: true, at, shown }
  return notRun(shown, `the last thing said of it was ${round.events.at(-1)?.type ?? 'nothing'}`)
}

/** Crashes until the repair began, or the kernel was parked. */
export function beforeRepair(round: Round): number {
  const end = round.events.findIndex(({ type }) => type === 'repair.started' || type === 'hotfix.applied')
  const until = end === -1 ? round.events : round.events.slice(0, end)
  return until.filter(({ type }) => type === 'kernel.crashed').length
}

/** 2: it is out of service, and a call meanwhile was answered as the fleet says. */
export function quarantined(round: Round, spec: KernelSpec): Judged {
  const out = first(round, 'kernel.quarantined')
  const { probe } = round
  if (out === undefined || probe === undefined) {
    return notRun(['it was not taken out of service'], 'kernel.quarantined and degraded.entered in the events')
  }
  const answer = answerOf(probe, spec, first(round, 'kernel.rejoined')?.at)
  const shown = [`out of service, mode ${probe.mode}`, answer.text]
  if (answer.asFleetSays) return { ran: true, at: out.at, shown }
  return notRun(shown, `degraded of ${spec.id} in the fleet, and what answers in its place`)
}

/** UNKNOWN_METHOD is the word of one that serves: the call was for a method that no kernel has. */
function answerOf(
  probe: Probe,
  spec: KernelSpec,
  rejoinedAt: number | undefined,
): { text: string; asFleetSays: boolean } {
  const { mode, code, answeredAt = 0, waiting = 0 } = probe
  if (mode === 'reject' || code === 'KERNEL_UNAVAILABLE') {
    return {
      text: `a call was refused: ${code ?? 'no answer'}`,
      asFleetSays: mode === 'reject' && code === 'KERNEL_UNAVAILABLE',
    }
  }
  if (code === undefined && mode === 'buffer') return { text: 'a call waits for it', asFleetSays: waiting > 0 }
  if (code !== 'UNKNOWN_METHOD') return { text: `a call was answered with ${code ?? 'nothing'}`, asFleetSays: false }
  if (mode === 'buffer') {
    const waited = rejoinedAt !== undefined && answeredAt >= rejoinedAt
    return { text: 'a call waited, and was answered when it served again', asFleetSays: waited }
  }
  const who = mode === 'reroute' ? (spec.degraded.to ?? 'another kernel') : `the ${mode}`
  return { text: `a call was answered by ${who} at once`, asFleetSays: true }
}

/** 3: the evidence is on disk, whole, and can be read back. */
export function diagnosed(round: Round): Judged {
  const captured = first(round, 'diagnostics.captured')
  if (captured === undefined) return notRun(['no evidence was captured'], 'diagnostics.captured in the events')
  const folder = typeof captured.folder === 'string' ? captured.folder : undefined
  if (folder === undefined) {
    const error = captured.error === undefined ? 'no folder' : describeRecord(captured.error as ErrorRecord)
    return notRun([`the evidence was not written: ${error}`], 'the disk, and the rights of the quarantine folder')
  }
  try {
    const files = captured.files as readonly string[]
    for (const file of files) statSync(join(folder, file))
    for (const file of files.filter((name) => name.endsWith('.json')))
      JSON.parse(readFileSync(join(folder, file), 'utf8'))
    const { messages, files: sources, error } = readEvidence(folder, Date.now())
    const holds = `${count(sources.length, 'source file')}, ${count(messages.length, 'message')}`
    const shown = [`${count(files.length, 'file')}, whole and readable: ${holds}`, describeRecord(error)]
    return { ran: true, at: captured.at, shown }
  } catch (thrown) {
    return notRun([`the evidence cannot be read: ${toRecord(thrown).message}`], folder)
  }
}

export interface RepairSeen {
  readonly judged: Judged
  readonly proof: readonly ProofLine[]
  readonly isolation?: string
  readonly agent?: string
  readonly unsuitable?: string
}

const unsuitablePattern = /CAGE_UNSUITABLE: the kernel needs (.+?)(?:, so a person|$)/

/** 4: a repair was proved and applied, and the kernel is steady with it. */
export function repaired(round: Round, spec: KernelSpec): RepairSeen {
  const applied = of(round, 'hotfix.applied').at(-1)
  const verified = of(round, 'repair.verified').findLast(({ at }) => applied === undefined || at <= applied.at)
  const refused = of(round, 'repair.refused')
  const lines = ((verified ?? refused.at(-1))?.lines ?? []) as ProofLine[]
  const whole = applied !== undefined && applied.agent === 'restore.all'
  const recovered = first(round, 'kernel.recovered')
  const seen = {
    proof: lines,
    ...(verified?.isolation !== undefined && { isolation: String(verified.isolation) }),
    ...(applied !== undefined && { agent: String(applied.agent) }),
  }
  if (applied !== undefined && recovered !== undefined && (whole || verified !== undefined)) {
    const how = whole
      ? 'put back on its golden snapshot at once: tier 1 waits for no proof'
      : `proved in ${lines.length} lines, isolation ${String(verified?.isolation)}`
    const rejoinedMs = (first(round, 'kernel.rejoined')?.at ?? recovered.at) - round.beganAt
    const shown = [
      `${String(applied.agent)}: ${String(applied.why)}`,
      how,
      `back on probation after ${seconds(rejoinedMs)}, then steady`,
    ]
    if (round.approved) shown.push(`approved by the drill, as a person would: autonomy is ${spec.repair.autonomy}`)
    return { ...seen, judged: { ran: true, at: recovered.at, shown } }
  }
  const unsuitable = refused
    .map(({ refusal }) => unsuitablePattern.exec(String(refusal))?.[1])
    .find((need) => need !== undefined)
  const refusals = refused.map(({ agent, refusal }) => `${String(agent)}: ${String(refusal)}`)
  const why = round.why ?? (round.end === 'not in time' ? 'it did not end in time' : 'the kernel was not repaired')
  const shown =
    refusals.length === 0 || refusals.some((text) => why.includes(text)) ? [why] : [why, ...refusals.slice(0, 3)]
  return {
    ...seen,
    judged: notRun(shown, lookAt(spec, [why, ...refusals].join(' '), unsuitable)),
    ...(unsuitable !== undefined && { unsuitable }),
  }
}

function lookAt({ id, repair }: KernelSpec, said: string, unsuitable: string | undefined): string {
  if (unsuitable !== undefined)
    return `${id} needs ${unsuitable}, which the sandbox does not give: with repair.autonomy suggest its fleet says that a person repairs it`
  if (repair.autonomy === 'observe')
    return `repair.autonomy of ${id} is observe: with suggest a person is shown a proved repair`
  if (said.includes('SANDBOX_FAILED')) return 'the sandbox of this machine: lazaret doctor'
  return `the refusals, and the check.ts of ${id}`
}

/** 5: the repair became a playbook, and the same failure in an edited file was healed by it. */
export function learnt(round: Round, again: Round | undefined, spec: KernelSpec): Judged {
  const generated = of(round, 'playbook.generated').at(-1)
  const recovered = first(round, 'kernel.recovered')
  const name = recovered?.playbook ?? generated?.name
  if (name === undefined) return notRun(['no playbook was written'], 'the playbooks folder, and the log of the runtime')
  const trusted = first(round, 'playbook.trusted') !== undefined
  const shown = [`playbook ${String(name)}${trusted ? ', trusted' : ', on trial'}`]
  if (again === undefined) return notRun([...shown, 'it was not tried again'], 'step 4')
  const used = of(again, 'playbook.applied').find(({ playbook }) => playbook === name)
  const end = first(again, 'kernel.recovered')
  if (used === undefined || end === undefined) {
    const why = again.hit ? (again.why ?? `it ended otherwise: ${again.end}`) : 'the same line did not fail again'
    return notRun([...shown, `the same failure was not healed by it: ${why}`], 'the refusals of the second repair')
  }
  shown.push(
    `the same failure, in a file edited since: healed by it after ${count(beforeRepair(again), 'crash', 'crashes')}`,
  )
  const times = [servedAfter(round), servedAfter(again)]
  if (times[0] !== undefined && times[1] !== undefined) {
    const faster = Math.round((10 * times[0]) / Math.max(1, times[1])) / 10
    const isProvedNow = first(round, 'repair.verified') === undefined
    const more = `${faster > 1 ? `, ${faster} times faster` : ''}${isProvedNow ? ', and proved this time' : ''}`
    shown.push(`serves after ${seconds(times[1])} instead of ${seconds(times[0])}${more}`)
  }
  const at = end.at - again.beganAt + (recovered?.at ?? round.beganAt)
  // With a standby the repaired instance has not served yet; below `playbook` nothing is applied without a person.
  const isLate =
    first(round, 'failover.completed') !== undefined || ['suggest', 'observe'].includes(spec.repair.autonomy)
  if ((trusted && beforeRepair(again) === 1) || isLate) return { ran: true, at, shown }
  return notRun(shown, `repair.autonomy of ${spec.id}, and whether the playbook is trusted`)
}

/** From the defect until the kernel, or its repaired self, served again. Milliseconds. */
export function servedAfter(round: Round): number | undefined {
  const at = of(round, 'kernel.rejoined').at(-1)?.at
  return at === undefined ? undefined : at - round.beganAt
}
