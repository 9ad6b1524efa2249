/**
 * What happens, in frames, made once for all who look: events as they come, a few of them together, with the status of
 * the kernels that they are about; and once a second what no event tells. With nobody looking it does nothing at all.
 * Who is sent what, and what becomes of a slow reader, is in stream.ts.
 */
import type { LazaretEvent } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import { unrefTimer } from '../base/timers.ts'
import { Changes } from './changes.ts'
import { EventBatch, isFrequent } from './event-batch.ts'
import type { DashboardPorts } from './ports.ts'
import type { Frame, TrafficLink } from './wire.ts'

/** Gets blocks of server-sent events. */
export type Listener = (blocks: string) => void

export class Feed {
  readonly #ports: DashboardPorts
  readonly #listeners = new Set<Listener>()
  #subscriptions: (() => void)[] = []
  #changes = new Changes()
  #batch = new EventBatch()
  readonly #touched = new Set<string>()
  readonly #inspected = new Set<string>()
  #flushTimer: unknown
  #sampleTimer: unknown
  #flushedAtMs = Number.NEGATIVE_INFINITY
  #saidAtMs = 0

  constructor(ports: DashboardPorts) {
    this.#ports = ports
  }

  /**
   * @param listener gets every frame from now on.
   * @returns a frame of the whole state to begin with, and the function that ends it.
   */
  join(listener: Listener): { readonly first: string; leave(): void } {
    if (this.#listeners.size === 0) this.#begin()
    // What is on its way belongs to those who were there.
    else this.#flush()
    this.#listeners.add(listener)
    const texts = this.#ports.status().map((status) => JSON.stringify(status))
    return {
      first: this.#stateBlock(texts, this.#ports.links()),
      leave: () => {
        if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#end()
      },
    }
  }

  #begin(): void {
    this.#changes = new Changes()
    this.#changes.sampled(this.#ports.status())
    this.#changes.links(this.#ports.links())
    this.#saidAtMs = this.#ports.clock.monotonicMs()
    this.#subscriptions.push(this.#ports.on((event) => this.#take(event)))
    const off = this.#ports.onInspected?.((kernel) => {
      this.#inspected.add(kernel)
      this.#schedule()
    })
    if (off !== undefined) this.#subscriptions.push(off)
    this.#awaitSample()
  }

  #end(): void {
    for (const off of this.#subscriptions.splice(0)) off()
    this.#ports.clock.clearTimeout(this.#flushTimer)
    this.#ports.clock.clearTimeout(this.#sampleTimer)
    this.#flushTimer = undefined
    this.#batch = new EventBatch()
    this.#touched.clear()
    this.#inspected.clear()
  }

  #take(event: LazaretEvent): void {
    this.#batch.add(event)
    if (event.kernel !== undefined && !isFrequent(event)) this.#touched.add(event.kernel)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#flushTimer !== undefined) return
    const { clock } = this.#ports
    const nextMs = this.#flushedAtMs + limits.dashboardFrameMs - clock.monotonicMs()
    this.#flushTimer = clock.setTimeout(() => this.#flush(), Math.max(limits.dashboardSoonMs, nextMs))
    unrefTimer(this.#flushTimer)
  }

  #flush(): void {
    const { clock } = this.#ports
    clock.clearTimeout(this.#flushTimer)
    this.#flushTimer = undefined
    this.#flushedAtMs = clock.monotonicMs()
    const statuses = [...this.#touched].flatMap((id) => this.#ports.statusOf(id) ?? [])
    this.#touched.clear()
    const state = this.#stateBlock(this.#changes.kernels(statuses), [])
    this.#send(state + this.#eventBlock() + this.#inspectedBlock())
  }

  #awaitSample(): void {
    this.#sampleTimer = this.#ports.clock.setTimeout(() => this.#sample(), limits.dashboardSampleMs)
    unrefTimer(this.#sampleTimer)
  }

  #sample(): void {
    this.#awaitSample()
    const links = this.#changes.links(this.#ports.links())
    this.#send(this.#stateBlock(this.#changes.sampled(this.#ports.status()), links))
    const quietMs = this.#ports.clock.monotonicMs() - this.#saidAtMs
    if (quietMs >= limits.dashboardKeepAliveMs) this.#send(': nothing new\n\n')
  }

  /** @param kernels JSON of each. Nothing where nothing is new. */
  #stateBlock(kernels: readonly string[], links: readonly TrafficLink[]): string {
    if (kernels.length === 0 && links.length === 0) return ''
    const now = this.#ports.clock.now()
    return `data: {"type":"state","now":${now},"kernels":[${kernels.join(',')}],"links":${JSON.stringify(links)}}\n\n`
  }

  #eventBlock(): string {
    const taken = this.#batch.take()
    return taken === undefined ? '' : eventBlock(taken.seq, taken.texts, taken.leftOut)
  }

  #inspectedBlock(): string {
    if (this.#inspected.size === 0) return ''
    const kernels = [...this.#inspected]
    this.#inspected.clear()
    return block({ type: 'inspected', kernels })
  }

  #send(blocks: string): void {
    if (blocks === '') return
    this.#saidAtMs = this.#ports.clock.monotonicMs()
    // One that leaves meanwhile changes the set.
    for (const listener of [...this.#listeners]) listener(blocks)
  }
}

export function block(frame: Frame): string {
  return `data: ${JSON.stringify(frame)}\n\n`
}

/** @param seq of the last one: where a reader goes on from after a gap. @param events JSON of each. */
export function eventBlock(seq: number, events: readonly string[], leftOut: number): string {
  return `id: ${seq}\ndata: {"type":"events","events":[${events.join(',')}],"leftOut":${leftOut}}\n\n`
}
