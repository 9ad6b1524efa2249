/**
 * What kernels' own machines do, as far as their threads tell (`ctx.inspect`): a bounded memory of each thread's actors.
 * It goes with the thread; a new instance begins anew.
 */
import type { Thread } from '../actor/thread.ts'
import type { InspectedActor, InspectedRecord } from '../chart/inspected.ts'
import { InspectedActors } from './inspected-actors.ts'
import type { Unit } from './unit.ts'

export type InspectionListener = (kernel: string) => void

export class Inspections {
  readonly #byThread = new Map<Thread, { readonly kernel: string; readonly actors: InspectedActors }>()
  readonly #listeners = new Set<InspectionListener>()

  add({ id: kernel }: Unit, thread: Thread, records: readonly InspectedRecord[]): void {
    if (thread.ended) return
    let found = this.#byThread.get(thread)
    if (found === undefined) {
      found = { kernel, actors: new InspectedActors() }
      this.#byThread.set(thread, found)
    }
    found.actors.add(records)
    this.#tell(kernel)
  }

  /** The thread has gone. */
  forget(thread: Thread): void {
    const found = this.#byThread.get(thread)
    if (found === undefined) return
    this.#byThread.delete(thread)
    this.#tell(found.kernel)
  }

  /** Actors of the thread that serves: those that were made first come first. */
  of(unit: Unit): InspectedActor[] {
    const thread = unit.servingThread
    return (thread && this.#byThread.get(thread)?.actors.list()) ?? []
  }

  /** Calls with the id of a kernel whose machines have moved: ten times a second for one at most. Returns how to end it. */
  onChange(listener: InspectionListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(kernel: string): void {
    for (const listener of this.#listeners) listener(kernel)
  }
}
