/**
 * The machines that a kernel runs itself, as the host has heard of them: asked for when the stream says that they have
 * moved, and never oftener than is of use to an eye.
 */
import { batch, effect, type Signal, signal } from '@preact/signals'
import type { InspectedActor } from '../../../chart/inspected.ts'
import { ask } from '../api.ts'
import { inspected, link } from '../store.ts'
import { type ActorMove, actorMovesOf, type Numbered, withRecent } from './actor-tree.ts'
import { browserClock } from './browser-clock.ts'
import { Player } from './player.ts'

/** At most one question in this time. Milliseconds. */
const pauseMs = 200

/** One actor's records and the player that shows them. */
export class ActorHistory {
  readonly player = new Player<ActorMove>(browserClock)
  readonly records: Signal<readonly Numbered[]> = signal([])

  take(actor: InspectedActor): void {
    const known = this.records.peek()
    const next = withRecent(known, actor.recent)
    if (next === known) return
    const last = known.at(-1)?.key ?? 0
    this.records.value = next
    const moves = actorMovesOf(next)
    if (known.length === 0) this.player.load(moves)
    else
      this.player.add(
        moves,
        moves.filter(({ key }) => key > last),
      )
  }
}

export class KernelMachines {
  readonly kernel: string
  readonly actors: Signal<readonly InspectedActor[]> = signal([])
  /** Undefined until the first answer. */
  readonly problem: Signal<string | undefined> = signal(undefined)
  readonly isKnown: Signal<boolean> = signal(false)
  readonly #histories = new Map<string, ActorHistory>()
  readonly #end: () => void
  #isAsking = false
  #isDue = false
  #pause: ReturnType<typeof setTimeout> | undefined

  constructor(kernel: string) {
    this.kernel = kernel
    this.#end = effect(() => {
      // Each time it has moved, and once more when the line was lost.
      const moved = inspected.value[kernel]
      if (link.value === 'live' || moved === undefined) this.#want()
    })
  }

  close(): void {
    this.#end()
    clearTimeout(this.#pause)
    this.#isDue = false
    for (const { player } of this.#histories.values()) player.close()
  }

  historyOf(session: string): ActorHistory {
    const known = this.#histories.get(session) ?? new ActorHistory()
    this.#histories.set(session, known)
    return known
  }

  /** What an actor is called; its session where it is not known any more. */
  nameOf(session: string): string {
    return this.actors.peek().find((actor) => actor.session === session)?.id ?? session
  }

  #want(): void {
    this.#isDue = true
    if (!this.#isAsking && this.#pause === undefined) void this.#ask()
  }

  async #ask(): Promise<void> {
    this.#isDue = false
    this.#isAsking = true
    try {
      const actors = await ask<readonly InspectedActor[]>('machines', { kernel: this.kernel })
      batch(() => {
        this.actors.value = actors
        this.isKnown.value = true
        this.problem.value = undefined
        for (const actor of actors) this.historyOf(actor.session).take(actor)
        this.#forget(actors)
      })
    } catch (thrown) {
      this.problem.value = thrown instanceof Error ? thrown.message : String(thrown)
    } finally {
      this.#isAsking = false
    }
    this.#pause = setTimeout(() => {
      this.#pause = undefined
      if (this.#isDue) void this.#ask()
    }, pauseMs)
  }

  /** Those that the host has forgotten. */
  #forget(actors: readonly InspectedActor[]): void {
    const told = new Set(actors.map(({ session }) => session))
    for (const [session, { player }] of this.#histories) {
      if (told.has(session)) continue
      player.close()
      this.#histories.delete(session)
    }
  }
}
