/**
 * Who talks to whom: messages counted by sender and target since the runtime was started. Two look-ups and an addition
 * for a message. Calls of a remote pass by the mailbox, and are not counted.
 */

/** Messages from one kernel to another, or from the host program, since the runtime was started. */
export interface TrafficLink {
  /** `host`: the host program. A kernel out of service that passes messages on is a sender too. */
  readonly from: string
  readonly to: string
  readonly messages: number
}

export class Links {
  readonly #bySender = new Map<string, Map<string, { messages: number }>>()

  /** @param to a kernel of the fleet: an unknown one would be kept for ever. */
  count(from: string, to: string): void {
    let targets = this.#bySender.get(from)
    if (targets === undefined) {
      targets = new Map()
      this.#bySender.set(from, targets)
    }
    const link = targets.get(to)
    if (link === undefined) targets.set(to, { messages: 1 })
    else link.messages += 1
  }

  list(): TrafficLink[] {
    return [...this.#bySender].flatMap(([from, targets]) =>
      [...targets].map(([to, { messages }]) => ({ from, to, messages })),
    )
  }
}
