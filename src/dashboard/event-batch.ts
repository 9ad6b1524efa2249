/**
 * Events on their way to the page: a few of them together, bounded in number and size, without secrets. What comes in
 * thousands is the first to be left out, and what is left out is counted.
 */
import type { LazaretEvent } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import { redact } from '../base/redact.ts'
import { factsJson } from '../journal/events.ts'

/** They change no kernel's status. */
const frequent: ReadonlySet<LazaretEvent['type']> = new Set(['message.deadLettered', 'snapshot.taken'])

export function isFrequent(event: LazaretEvent): boolean {
  return frequent.has(event.type)
}

/**
 * Where redact() might find something, one of these does too, in a tenth of its time: most events hold nothing but
 * states, ids and numbers. Three, because V8 is fast with each and slow with all in one.
 */
const mayHoldSecret: readonly RegExp[] = [
  /pass|pwd|pin"|dsn"|secret|token|auth|key|cookie|credential|connection|bearer|basic|:\/\/|eyJ|BEGIN|AKIA|ASIA|AIza/i,
  /\b(?:[spr]k|gh[opurs]|github_pat|glpat|xox[abprs]|npm|hf)[-_]/,
  /(?<![\w-])[\w-]{32}/,
]

/** As JSON, bounded as the journal bounds it. */
export function eventText({ type, kernel, at, seq, ...facts }: LazaretEvent): string {
  const own = JSON.stringify({ type, kernel, at, seq })
  const plain = factsJson(facts)
  const rest = mayHoldSecret.some((pattern) => pattern.test(plain))
    ? factsJson(redact(facts) as Record<string, unknown>)
    : plain
  return rest === '{}' ? own : `${own.slice(0, -1)},${rest.slice(1)}`
}

export class EventBatch {
  #events: LazaretEvent[] = []
  #leftOut = 0

  add(event: LazaretEvent): void {
    this.#events.push(event)
    // A storm within one frame must not grow in memory; most of it would be left out all the same.
    if (this.#events.length >= 4 * limits.dashboardFrameEvents) this.#cut()
  }

  /** What has gathered, and begins anew. Undefined where nothing has. */
  take(): { readonly seq: number; readonly texts: readonly string[]; readonly leftOut: number } | undefined {
    this.#cut()
    // A listener that emits while it is told of an event is heard before that event has come here.
    const events = this.#events.sort((a, b) => a.seq - b.seq)
    let leftOut = this.#leftOut
    this.#events = []
    this.#leftOut = 0
    const seq = events.at(-1)?.seq
    if (seq === undefined) return undefined
    const texts: string[] = []
    let room = limits.dashboardFrameBytes
    // From the last one back: it says where a reader goes on from, so it is there in any case.
    for (const event of events.reverse()) {
      const text = eventText(event)
      room -= text.length
      if (room >= 0 || texts.length === 0) texts.push(text)
      else leftOut += 1
    }
    return { seq, texts: texts.reverse(), leftOut }
  }

  /** To the most that one frame holds: the frequent ones go first, then the oldest. */
  #cut(): void {
    const tooMany = this.#events.length - limits.dashboardFrameEvents
    if (tooMany <= 0) return
    const last = this.#events.length - 1
    const first = this.#events.flatMap((event, index) => (isFrequent(event) && index !== last ? [index] : []))
    const others = this.#events.flatMap((event, index) => (isFrequent(event) || index === last ? [] : [index]))
    const out = new Set([...first, ...others].slice(0, tooMany))
    this.#events = this.#events.filter((_, index) => !out.has(index))
    this.#leftOut += tooMany
  }
}
