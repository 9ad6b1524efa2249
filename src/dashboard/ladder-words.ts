/** What the events of a ladder say, in words for people. Facts come from the journal, so each is looked at before it is used. */
import { describeRecord, type ErrorRecord } from '../base/error-record.ts'
import type { LazaretEvent } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import { redactText, safeLine } from '../base/redact.ts'
import { count, duration } from '../base/words.ts'
import type { StoryTone } from './story-shape.ts'

export type Fact = Readonly<Record<string, unknown>>

/** A fact as one safe line, bounded. */
export function sentenceOf(value: unknown): string {
  const text = typeof value === 'string' ? value : value === undefined || value === null ? '' : String(value)
  const line = safeLine(redactText(text.slice(0, limits.storyTextChars * 2)))
  return line.length <= limits.storyTextChars ? line : `${line.slice(0, limits.storyTextChars)}...`
}

function num(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}

/** An error as the journal has it: cut, where it was too long to be kept. */
function error({ error: record }: LazaretEvent): string {
  if (typeof record === 'string') return sentenceOf(record)
  if (typeof record !== 'object' || record === null || typeof Reflect.get(record, 'message') !== 'string')
    return 'the error is not in the journal'
  return sentenceOf(describeRecord(record as ErrorRecord))
}

/** What answers for it, now and then. */
const modes: Readonly<Record<string, readonly [now: string, then: string]>> = {
  standby: ['its standby answers', 'its standby answered'],
  fallback: ['its fallback answers', 'its fallback answered'],
  buffer: ['messages are kept for it', 'messages were kept for it'],
  reject: ['callers are refused', 'callers were refused'],
  reroute: ['its messages go to another kernel', 'its messages went to another kernel'],
  instance: ['its instance answers', 'its instance answered'],
}

export const stepWords = {
  error,
  crash: (event: LazaretEvent): string =>
    `${error(event)}${event.phase === undefined ? '' : ` (in ${sentenceOf(event.phase)})`}`,
  loop: (crashes: number, isOver: boolean): string => {
    const times = crashes <= 1 ? 'one crash' : count(crashes, 'crash', 'crashes')
    return isOver ? `${times}: restarts are no answer` : times
  },
  exhausted: ({ starts }: LazaretEvent): string =>
    num(starts) === 0 ? 'no restart is allowed' : `the budget is spent after ${count(num(starts), 'restart')}`,
  repeated: ({ count: times }: LazaretEvent): string => `the same failure again, ${num(times)} times by now`,
  resumed: ({ from, why }: LazaretEvent): string =>
    `the process was started anew and went on from ${sentenceOf(from)}: ${sentenceOf(why)}`,
  captured: (event: LazaretEvent): [string, StoryTone] => {
    const { folder, files } = event
    if (folder === undefined) return [`the disk refused it: ${error(event)}`, 'bad']
    return [`${count(Array.isArray(files) ? files.length : 0, 'file')} in the evidence folder`, 'good']
  },
  out: ({ mode, to }: LazaretEvent): string =>
    typeof to === 'string' ? `its messages go to ${sentenceOf(to)}` : (modes[String(mode)]?.[0] ?? sentenceOf(mode)),
  back: ({ mode, waiting }: LazaretEvent): string => {
    const kept = num(waiting) === 0 ? '' : `; ${count(num(waiting), 'message')} waited until it was back`
    return `${modes[String(mode)]?.[1] ?? sentenceOf(mode)}${kept}`
  },
  failover: ({ gapMs, stateAgeMs }: LazaretEvent): string => {
    const age = stateAgeMs === undefined ? '' : `; its state was ${duration(num(stateAgeMs))} old`
    return `in service again after ${duration(num(gapMs))}${age}`
  },
  restored: ({ ageMs }: LazaretEvent): string => `the golden state, ${duration(num(ageMs))} old`,
  proposed: ({ agent, why }: LazaretEvent): string => `${sentenceOf(agent)} proposes: ${sentenceOf(why)}`,
  refused: ({ agent, refusal }: LazaretEvent): string => `refused, of ${sentenceOf(agent)}: ${sentenceOf(refusal)}`,
  verified: ({ agent, lines, isolation }: LazaretEvent): string =>
    `${sentenceOf(agent)} holds: proved in ${count(Array.isArray(lines) ? lines.length : 0, 'line')}, ${sentenceOf(isolation)} isolation`,
  /** One for each agent. */
  reasons: ({ reasons }: LazaretEvent): string[] =>
    Array.isArray(reasons) ? reasons.slice(-limits.storyParts).map((reason) => sentenceOf(reason)) : [],
  applied: ({ agent, why }: LazaretEvent): string => `${sentenceOf(agent)}: ${sentenceOf(why)}`,
  stepped: ({ step, n, of, outcome }: LazaretEvent): string =>
    `step ${num(n)} of ${num(of)}, ${sentenceOf(step)}${outcome === undefined ? '' : `: ${sentenceOf(outcome)}`}`,
  dropped: ({ reason }: LazaretEvent): string => `the repair no longer applies: ${sentenceOf(reason)}`,
  command: ({ op, by, params }: LazaretEvent): string => {
    const apply = typeof params === 'object' && params !== null ? Reflect.get(params, 'apply') : undefined
    return `a person says ${sentenceOf(op)}${apply === undefined ? '' : ` (${sentenceOf(apply)})`}, by ${sentenceOf(by)}`
  },
  learnt: ({ name, trust }: LazaretEvent): string =>
    `the playbook ${sentenceOf(name)}${trust === undefined ? '' : ` (${sentenceOf(trust)})`}`,
  resolved: ({ healedBy, tookMs }: LazaretEvent): string =>
    `healed${healedBy === undefined ? '' : ` by ${sentenceOf(healedBy)}`}, ${duration(num(tookMs))} after it was opened`,
} as const
