/**
 * The steps that a failure has led to, each with its time and what came of it, from the events of its kernel in their
 * order. Pure. What is not among the events is not told; a step without an end goes on.
 */
import type { LazaretEvent } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import type { IncidentRow } from '../journal/rows.ts'
import { type Fact, sentenceOf, stepWords } from './ladder-words.ts'
import type { LadderPart, LadderStep, StoryTone } from './story-shape.ts'

type Kind =
  | 'loop'
  | 'diagnose'
  | 'out'
  | 'failover'
  | 'refresh'
  | 'repair'
  | 'apply'
  | 'trial'
  | 'wait'
  | 'learn'
  | 'end'
type Draft = { -readonly [K in keyof LadderStep]: LadderStep[K] } & {
  kind: Kind
  parts: LadderPart[]
  crashes?: number
}

export const ladderEvents = [
  ...(['kernel.crashed', 'kernel.restarted', 'kernel.quarantined', 'kernel.rejoined', 'kernel.recovered'] as const),
  ...(['kernel.parked', 'kernel.resumed', 'restart.exhausted', 'incident.opened', 'incident.repeated'] as const),
  ...(['incident.resolved', 'diagnostics.captured', 'task.claimed', 'task.released'] as const),
  ...(['task.expired', 'task.closed'] as const),
  ...(['degraded.entered', 'degraded.changed', 'degraded.left', 'failover.completed', 'fallback.started'] as const),
  ...(['standby.lost', 'fallback.lost', 'snapshot.restored', 'repair.started', 'repair.proposed'] as const),
  ...(['repair.verified', 'repair.refused', 'repair.exhausted', 'command.given', 'hotfix.applied'] as const),
  ...(['hotfix.rolledBack', 'hotfix.dropped', 'hotfix.written', 'playbook.generated', 'playbook.applied'] as const),
  ...(['playbook.stepped', 'playbook.suspended', 'playbook.trusted'] as const),
] as const
type LadderEvent = (typeof ladderEvents)[number]

/** @param events oldest first: from the first failure of the row that led to the incident on. */
export function ladderOf(events: readonly LazaretEvent[], incident: IncidentRow): LadderStep[] {
  const ladder = new Ladder(incident)
  for (const event of events) ladder.take(event)
  return ladder.steps()
}

const noneHolds = 'no candidate holds'

class Ladder {
  readonly #incident: IncidentRow
  readonly #all: Draft[] = []
  #repairs = 0

  constructor(incident: IncidentRow) {
    this.#incident = incident
  }

  take(event: LazaretEvent): void {
    // Of another incident of the same kernel, which was open at the same time.
    if (typeof event.incident === 'string' && event.incident !== this.#incident.id) return
    this.#take[event.type as LadderEvent]?.(event)
  }

  steps(): LadderStep[] {
    if (!this.#all.some(({ kind }) => kind === 'loop')) this.#lost()
    return this.#all
      .map(({ kind: _, crashes: _crashes, parts, ...step }) => ({ ...step, parts: parts.slice(-limits.storyParts) }))
      .toSorted((a, b) => a.at - b.at)
  }

  /** The journal keeps the events of a while only; the incident itself it keeps. */
  #lost(): void {
    const { openedAt, resolvedAt, resolution } = this.#incident
    const words = 'what led to it is not in the journal any more'
    this.#all.unshift({
      kind: 'loop',
      step: 1,
      title: 'Escalated',
      at: openedAt,
      endAt: openedAt,
      tone: 'bad',
      words,
      parts: [],
    })
    if (resolvedAt === undefined || this.#all.some(({ kind }) => kind === 'end')) return
    const end = { at: resolvedAt, endAt: resolvedAt, words: sentenceOf(resolution ?? ''), parts: [] }
    this.#all.push({ kind: 'end', title: 'Resolved', tone: 'good', ...end })
  }

  #add(kind: Kind, event: LazaretEvent, title: string, words: string, change: Partial<Draft> = {}): Draft {
    const draft: Draft = { ...{ kind, title, words, at: event.at, tone: 'plain', parts: [] }, ...change }
    this.#all.push(draft)
    return draft
  }

  #open(...kinds: readonly Kind[]): Draft | undefined {
    return this.#all.findLast(({ kind, endAt }) => kinds.includes(kind) && endAt === undefined)
  }

  #close(kinds: readonly Kind[], at: number, tone: StoryTone, words?: string): Draft | undefined {
    const draft = this.#open(...kinds)
    if (draft === undefined) return undefined
    draft.endAt = at
    draft.tone = tone
    if (words !== undefined) draft.words = words
    return draft
  }

  #part(draft: Draft | undefined, { at }: LazaretEvent, text: string, tone: StoryTone = 'plain'): void {
    draft?.parts.push({ at, text, tone })
  }

  /** What a person does, or what happens beside: to what is under way, or to what came last. */
  #note(event: LazaretEvent, text: string, tone: StoryTone = 'plain'): void {
    this.#part(this.#open('wait', 'repair', 'trial') ?? this.#all.at(-1), event, text, tone)
  }

  readonly #crashed = (event: LazaretEvent): void => {
    const text = stepWords.crash(event)
    const trial = this.#close(['trial'], event.at, 'bad', 'it failed again on probation, and the repair is taken back')
    if (trial !== undefined) this.#part(trial, event, text, 'bad')
    else if (this.#all.some(({ kind }) => kind !== 'loop')) this.#note(event, text, 'bad')
    else {
      const loop = this.#open('loop') ?? this.#add('loop', event, 'Crashed', '', { step: 1, tone: 'bad' })
      this.#part(loop, event, text, 'bad')
      loop.crashes = (loop.crashes ?? 0) + 1
      loop.words = stepWords.loop(loop.crashes, false)
    }
  }

  readonly #opened = (event: LazaretEvent): void => {
    const loop = this.#open('loop') ?? this.#add('loop', event, '', '', { step: 1, tone: 'bad' })
    loop.endAt = event.at
    loop.title = 'Escalated'
    loop.words = stepWords.loop(loop.crashes ?? 1, true)
    this.#part(loop, event, 'incident opened; operators and agents are told')
    this.#add('diagnose', event, 'Evidence captured', '', { step: 3 })
  }

  readonly #take: { readonly [T in LadderEvent]?: (event: LazaretEvent) => void } = {
    'kernel.crashed': this.#crashed,
    'kernel.restarted': (event) => this.#part(this.#open('loop'), event, 'restarted'),
    'restart.exhausted': (event) => this.#part(this.#open('loop'), event, stepWords.exhausted(event), 'bad'),
    'incident.opened': this.#opened,
    'incident.repeated': (event) => this.#note(event, stepWords.repeated(event), 'bad'),
    'kernel.resumed': (event) => this.#note(event, stepWords.resumed(event), 'watch'),
    'diagnostics.captured': (event) => {
      const [words, tone] = stepWords.captured(event)
      if (this.#close(['diagnose'], event.at, tone, words) === undefined) this.#note(event, 'evidence captured again')
    },
    'degraded.entered': (event) => {
      this.#add('out', event, 'Out of service', stepWords.out(event), { step: 2, tone: 'watch' })
    },
    'degraded.changed': (event) => {
      const out = this.#open('out')
      this.#part(out, event, stepWords.out(event), 'watch')
      if (out !== undefined) out.words = stepWords.out(event)
    },
    'degraded.left': (event) => void this.#close(['out'], event.at, 'good', stepWords.back(event)),
    'failover.completed': (event) => {
      const gapMs = typeof event.gapMs === 'number' ? event.gapMs : 0
      const times = { at: event.at - gapMs, endAt: event.at }
      this.#add('failover', event, 'Failed over to a standby', stepWords.failover(event), {
        ...times,
        step: 4,
        tone: 'good',
      })
    },
    'fallback.started': (event) => this.#part(this.#open('out'), event, 'the fallback answers from now on', 'good'),
    'fallback.lost': (event) => this.#note(event, `the fallback failed: ${stepWords.error(event)}`, 'bad'),
    'standby.lost': (event) => this.#note(event, `a standby failed: ${stepWords.error(event)}`, 'bad'),
    'snapshot.restored': (event) => {
      this.#add('refresh', event, 'State restored', stepWords.restored(event), {
        step: 4,
        tone: 'good',
        endAt: event.at,
      })
    },
    'repair.started': (event) => this.#repairStarted(event),
    'repair.proposed': (event) => this.#part(this.#open('repair'), event, stepWords.proposed(event)),
    'repair.refused': (event) => this.#part(this.#open('repair'), event, stepWords.refused(event), 'bad'),
    'repair.verified': (event) => {
      const repair = this.#close(['repair'], event.at, 'good', stepWords.verified(event))
      this.#part(repair, event, stepWords.verified(event), 'good')
    },
    'repair.exhausted': (event) => {
      const reasons = stepWords.reasons(event)
      const words = reasons.length === 0 ? 'no agent had anything to propose' : noneHolds
      const repair = this.#close(['repair'], event.at, 'bad', words)
      for (const reason of reasons) this.#part(repair, event, reason)
    },
    'hotfix.applied': (event) => {
      this.#close(['wait'], event.at, 'plain')
      this.#add('apply', event, 'Repair applied', stepWords.applied(event), { step: 2, tone: 'good', endAt: event.at })
    },
    'playbook.stepped': (event) => this.#note(event, stepWords.stepped(event)),
    'kernel.rejoined': (event) => {
      this.#close(['wait', 'repair'], event.at, 'plain')
      this.#add('trial', event, 'Back on probation', 'it serves again, and is watched', { tone: 'calm' })
    },
    'hotfix.rolledBack': (event) => {
      this.#close(['trial'], event.at, 'bad', 'the repair is taken back')
      this.#note(event, 'the repair is taken back', 'bad')
    },
    'hotfix.dropped': (event) => this.#note(event, stepWords.dropped(event), 'watch'),
    'hotfix.written': (event) => this.#note(event, 'the repair is written into the source files', 'good'),
    'kernel.parked': (event) => this.#parked(event),
    'task.claimed': (event) => this.#note(event, `claimed by ${sentenceOf(event.by)}`),
    'task.released': (event) => this.#note(event, `no longer claimed by ${sentenceOf(event.by)}`),
    'task.expired': (event) => this.#note(event, 'the proved repair has expired', 'watch'),
    'task.closed': (event) => this.#closed(event),
    'command.given': (event) => this.#note(event, stepWords.command(event)),
    'kernel.recovered': (event) => void this.#close(['trial'], event.at, 'good', 'it held; the kernel is steady'),
    'playbook.applied': (event) => this.#note(event, `by the playbook ${sentenceOf(event.playbook)}`),
    'playbook.generated': (event) => {
      this.#add('learn', event, 'Learnt', stepWords.learnt(event), { step: 5, tone: 'good', endAt: event.at })
    },
    'playbook.trusted': (event) => {
      const learnt = this.#all.findLast(({ kind }) => kind === 'learn')
      if (learnt === undefined) this.#note(event, `the playbook ${sentenceOf(event.name)} is trusted now`, 'good')
      else this.#part(learnt, event, 'trusted now', 'good')
    },
    'playbook.suspended': (event) => this.#note(event, `the playbook ${sentenceOf(event.name)} is suspended`, 'bad'),
    'incident.resolved': (event) => {
      this.#close(['trial'], event.at, 'good', 'it held; the kernel is steady')
      this.#close(['wait', 'repair', 'diagnose'], event.at, 'plain')
      this.#add('end', event, 'Resolved', stepWords.resolved(event), { tone: 'good', endAt: event.at })
    },
  }

  #repairStarted(event: LazaretEvent): void {
    this.#close(['wait', 'repair', 'diagnose'], event.at, 'plain')
    this.#repairs += 1
    const title = this.#repairs === 1 ? 'Repair in the sandbox' : `Repair ${this.#repairs} in the sandbox`
    this.#add('repair', event, title, 'agents propose, each candidate is proved', { step: 2, tone: 'calm' })
  }

  /** By a person: a kernel that has recovered closes its tasks too, which its own step tells. */
  #closed(event: LazaretEvent): void {
    const wait = this.#open('wait')
    if (wait === undefined) return
    const outcome = sentenceOf(event.outcome)
    this.#part(wait, event, outcome === '' ? 'the task is closed' : `the task is closed: ${outcome}`)
    wait.title = 'Waits for a person'
    wait.tone = 'bad'
    if (outcome !== '') wait.words = outcome
  }

  #parked(event: LazaretEvent): void {
    this.#close(['repair'], event.at, 'bad', 'it ended without a repair')
    this.#close(['diagnose', 'trial'], event.at, 'plain')
    this.#close(['wait'], event.at, 'plain')
    const repair = this.#all.findLast(({ kind }) => kind === 'repair')
    // What each agent had to say stands there.
    const isSaid = repair?.words === noneHolds && !this.#all.some(({ kind }) => kind === 'wait')
    const why = isSaid ? 'nothing that was tried holds' : sentenceOf((event as Fact).why)
    const waits = why.includes('waits for approval')
    // How to give one's word is said where the task is shown.
    const words = why.replace(/: lazaret approve \S+$/, '')
    const title = waits ? 'Waits for approval' : 'Waits for a person'
    this.#add('wait', event, title, words, { tone: waits ? 'calm' : 'bad' })
  }
}
