/**
 * Events as a person reads them, on the page and while `lazaret run` is in the foreground: a word and a sentence. What
 * happens all the time in a healthy fleet (snapshots, orderly ends) is not told. Pure; it knows neither colours nor paths
 * of the machine that it is read on.
 */
import { describeRecord, type ErrorRecord } from '../base/error-record.ts'
import type { EventType, LazaretEvent } from '../base/events.ts'
import { redactText, safeLine } from '../base/redact-text.ts'
import { count, duration } from '../base/words.ts'

export type Tone = 'good' | 'bad' | 'urgent' | 'watch' | 'plain'

export interface Sentence {
  readonly word: string
  readonly tone: Tone
  readonly text: string
}

/** A path as short as it can be said where it is read. */
export type ShortPath = (path: string) => string

type Tell = (event: LazaretEvent, shortPath: ShortPath) => Sentence | undefined

function said(value: unknown): string {
  if (typeof value === 'string') return safeLine(redactText(value))
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) return value.map(said).filter(Boolean).join('; ')
  const record = value as Partial<ErrorRecord> | null | undefined
  return typeof record?.message === 'string' ? safeLine(redactText(describeRecord(record as ErrorRecord))) : ''
}

/** @param text made of the event's facts; nothing is said where it gives undefined. */
function tell(word: string, tone: Tone, text: (event: LazaretEvent, shortPath: ShortPath) => string | undefined): Tell {
  return (event, shortPath) => {
    const sentence = text(event, shortPath)
    return sentence === undefined ? undefined : { word, tone, text: sentence }
  }
}

const proofNames = (lines: unknown): string =>
  Array.isArray(lines) ? lines.map((line: { name?: unknown }) => said(line.name)).join(', ') : ''

const degradedText: Readonly<Record<string, string>> = {
  buffer: 'messages to it wait in a buffer',
  reject: 'messages to it are refused',
  fallback: 'its fallback answers',
  standby: 'its standby answers',
}

const tellers: Partial<Record<EventType, Tell>> = {
  'kernel.crashed': tell('crashed', 'bad', (event) => {
    const where = event.method === undefined ? `in ${said(event.phase)}` : `in ${said(event.method)}()`
    return `${said(event.error)}  (${where}, failure ${said(event.failures)})`
  }),
  'kernel.restarted': tell('restarted', 'good', ({ reason }) =>
    reason === 'command' ? 'by command' : 'in service again',
  ),
  'kernel.stopped': tell('ended', 'watch', ({ orderly, error }) =>
    orderly === false ? `by force${error === undefined ? '' : `: ${said(error)}`}` : undefined,
  ),
  'kernel.quarantined': tell('quarantined', 'watch', () => 'out of service'),
  'degraded.entered': tell('degraded', 'watch', ({ mode, to }) =>
    to === undefined ? (degradedText[said(mode)] ?? said(mode)) : `messages to it go to ${said(to)}`,
  ),
  'degraded.left': tell('serving', 'good', ({ waiting }) =>
    typeof waiting === 'number' && waiting > 0 ? `again; ${count(waiting, 'message')} had waited` : 'again',
  ),
  'kernel.rejoined': tell('rejoined', 'good', () => 'on probation'),
  'kernel.recovered': tell('recovered', 'good', ({ healedBy, playbook }) => {
    return `healed by ${said(healedBy)}${playbook === undefined ? '' : `; learnt as playbook ${said(playbook)}`}`
  }),
  'kernel.parked': tell('parked', 'urgent', ({ why }) => `needs a person: ${said(why)}`),
  'kernel.resumed': tell('resumed', 'watch', ({ from, why }) =>
    /^(running|stopped|stopping)/.test(said(from)) ? undefined : said(why),
  ),
  'kernel.overLimit': tell('over limit', 'watch', ({ limit, found, max }) => {
    return `${said(limit)}: ${said(found)} of ${said(max)}`
  }),
  'kernel.stuck': tell('stuck', 'urgent', () => 'its thread cannot be ended; it is set aside and replaced'),
  'restart.exhausted': tell('exhausted', 'bad', ({ starts }) => {
    return `its restart budget is spent, after ${count(Number(starts), 'start')}`
  }),
  'incident.opened': tell('incident', 'urgent', ({ incident, error }) => `${said(incident)}  ${said(error)}`),
  'incident.repeated': tell('incident', 'bad', (event) => `${said(event.incident)}  seen ${said(event.count)} times`),
  'incident.resolved': tell('resolved', 'good', ({ incident, tookMs }) => {
    return `${said(incident)}  after ${duration(Number(tookMs))}`
  }),
  'diagnostics.captured': tell('evidence', 'plain', ({ folder, error }, shortPath) => {
    return folder === undefined ? `could not be written: ${said(error)}` : shortPath(said(folder))
  }),
  'task.created': tell('task', 'plain', ({ task }) => `${said(task)}  for a coding agent or a person`),
  'task.claimed': tell('task', 'plain', ({ task, by }) => `${said(task)}  claimed by ${said(by)}`),
  'task.released': tell('task', 'plain', ({ task, by }) => `${said(task)}  let go by ${said(by)}`),
  'task.closed': tell('task', 'plain', ({ task, outcome }) => `${said(task)}  closed: ${said(outcome)}`),
  'snapshot.restored': tell('restored', 'watch', ({ ageMs }) => `to its state of ${duration(Number(ageMs))} ago`),
  'snapshot.corrupt': tell('corrupt', 'bad', (event) => `snapshot ${said(event.name)}: ${said(event.reason)}`),
  'snapshot.failed': tell('no snapshot', 'watch', ({ error }) => said(error)),
  'repair.started': tell('repair', 'plain', ({ attempt }) => `attempt ${said(attempt)}`),
  'repair.progressed': tell('repair', 'plain', ({ agent, text }) => `${said(agent)}: ${said(text)}`),
  'repair.proposed': tell('proposed', 'plain', ({ agent, why }) => `${said(agent)}: ${said(why)}`),
  'repair.verified': tell('proved', 'good', ({ lines }) => `in the sandbox: ${proofNames(lines)}`),
  'repair.refused': tell('refused', 'watch', ({ agent, refusal }) => `${said(agent)}: ${said(refusal)}`),
  'repair.exhausted': tell('no repair', 'bad', ({ reasons }) => said(reasons) || 'no agent had anything to propose'),
  'hotfix.applied': tell('hotfix', 'good', ({ agent, steps }) => `${said(agent)}: ${said(steps)}`),
  'hotfix.rolledBack': tell('rolled back', 'bad', ({ agent, by }) =>
    by === 'person' ? `${said(agent)}: by command` : `${said(agent)} did not hold`,
  ),
  'hotfix.written': tell('written', 'good', ({ hotfix, written, left }, shortPath) => {
    const files = (Array.isArray(written) ? written : []).map((file) => shortPath(said(file))).join(', ')
    if (!Array.isArray(left) || left.length === 0) return `${said(hotfix)} is in your files: ${files}`
    const why = left.map(({ file, why }) => `${shortPath(said(file))}: ${said(why)}`).join('; ')
    return `not, ${said(hotfix)} stays an overlay: ${why}${files === '' ? '' : `. Written all the same: ${files}`}`
  }),
  'task.expired': tell('expired', 'watch', ({ task, agent }) => `${said(task)}  the proved repair of ${said(agent)}`),
  'repairs.switched': tell('repairs', 'watch', ({ on, why }) => {
    return `${on === true ? 'are on' : 'are off'}${why === undefined ? '' : `: ${said(why)}`}`
  }),
  'command.given': tell('command', 'plain', ({ op, by }) => {
    // The command line's own user sees what it does.
    return by === 'dashboard' ? `${said(op)}, given on the dashboard` : undefined
  }),
  'hotfix.dropped': tell('dropped', 'watch', (event) => `hotfix ${said(event.hotfix)}: ${said(event.reason)}`),
  'message.poisoned': tell('poison', 'watch', (event) => `${said(event.method)}() from ${said(event.from)} is parked`),
  'deadLetters.progressed': tell('replay', 'plain', ({ done, of }) => `${said(done)} of ${said(of)} dead letters`),
  'deadLetters.replayed': tell('replayed', 'plain', ({ asked, sent, failed, skipped }) => {
    const list = Array.isArray(skipped) ? (skipped as { reason: string; count: number }[]) : []
    const left = list.map(({ reason, count: n }) => `${n} skipped: ${said(reason)}`).join('; ')
    const failures = failed === 0 ? '' : `, ${said(failed)} of them not handled`
    return `${said(sent)} of ${count(Number(asked), 'dead letter')}${failures}${left === '' ? '' : `; ${left}`}`
  }),
  'message.deadLettered': tell('dead letter', 'watch', (event) => {
    return `${said(event.method)}() from ${said(event.from)}, ${said(event.code)}`
  }),
  'playbook.generated': tell('learnt', 'good', ({ name, trust }) => `playbook ${said(name)} (${said(trust)})`),
  'playbook.applied': tell('playbook', 'good', ({ playbook }) => said(playbook)),
  'playbook.changed': tell('playbook', 'plain', ({ version, change }) => `version ${said(version)}: ${said(change)}`),
  'playbook.stepped': tell('step', 'plain', ({ n, of, step, outcome, text }) => {
    return `${said(n)} of ${said(of)}, ${said(step)}: ${said(outcome)} (${said(text)})`
  }),
  'playbook.trusted': tell('trusted', 'good', ({ name }) => `playbook ${said(name)}`),
  'playbook.suspended': tell('suspended', 'watch', ({ name }) => `playbook ${said(name)} failed`),
  'playbook.invalid': tell('bad file', 'watch', ({ error }) => said(error)),
  'config.drifted': tell('drift', 'watch', ({ findings }) => said(findings)),
  'config.settled': tell('settled', 'good', ({ what, file }, shortPath) => {
    return `${said(what)}${file === undefined ? '' : ` of ${shortPath(said(file))}`} is as it is run again`
  }),
  'damage.found': tell('damage', 'bad', ({ what, path, reason, done }, shortPath) => {
    return `${said(what)} ${shortPath(said(path))}: ${said(reason)}; ${said(done)}`
  }),
  'damage.mended': tell('mended', 'good', ({ path, how }, shortPath) => `${said(how)}  (${shortPath(said(path))})`),
  'journal.setAside': tell('journal', 'urgent', ({ movedTo }) => `was damaged; it lies in ${said(movedTo)} now`),
  'journal.failed': tell('journal', 'urgent', (event) => `cannot be written: ${said(event.error)}`),
  'journal.resumed': tell('journal', 'good', () => 'is written again'),
  'notify.sent': tell('notified', 'plain', ({ alert, status }) => `${said(alert)}, ${said(status)}`),
  'notify.failed': tell('notify', 'watch', ({ error }) => said(error)),
  'listener.failed': tell('defect', 'bad', ({ error }) => said(error)),
}

/** Types of events that are told, most of the time. */
export const toldTypes = Object.keys(tellers) as EventType[]

/** Undefined for what need not be told. @param shortPath how paths of files are said; by default whole. */
export function narrate(event: LazaretEvent, shortPath: ShortPath = (path) => path): Sentence | undefined {
  return tellers[event.type]?.(event, shortPath)
}
