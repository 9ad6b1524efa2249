/** Events counted by type and kernel, for metrics: an addition an event. It keeps no event. */
import type { EventType, LazaretEvent } from '../base/events.ts'

/** By kernel; `''` for events about the runtime. */
export type Counts = ReadonlyMap<string, number>
const none: Counts = new Map()

export class EventCounts {
  readonly #byType = new Map<EventType, Map<string, number>>()
  /** Dead letters, by kernel and the code of the error. */
  readonly #letters = new Map<string, Map<string, number>>()

  readonly note = (event: LazaretEvent): void => {
    const { type, kernel = '' } = event
    bump(this.#byType, type, kernel)
    if (type === 'message.deadLettered') bump(this.#letters, kernel, String(event.code))
  }

  of(type: EventType): Counts {
    return this.#byType.get(type) ?? none
  }

  get byType(): ReadonlyMap<EventType, Counts> {
    return this.#byType
  }

  get deadLetters(): ReadonlyMap<string, Counts> {
    return this.#letters
  }
}

function bump<K>(counts: Map<K, Map<string, number>>, key: K, inner: string): void {
  let found = counts.get(key)
  if (found === undefined) {
    found = new Map()
    counts.set(key, found)
  }
  found.set(inner, (found.get(inner) ?? 0) + 1)
}
