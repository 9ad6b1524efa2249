/**
 * What of the fleet's state is new since it was last sent: kernels and links that have changed, each made into JSON once.
 * A kernel's uptime always changes and does not count. Pure but for its memory.
 */
import type { KernelStatus } from '../supervisor/status.ts'
import type { TrafficLink } from './wire.ts'

export class Changes {
  readonly #kernels = new Map<string, string>()
  readonly #links = new Map<string, number>()
  readonly #handled = new Map<string, number>()
  /** Kernels that were handling messages at the last sample. */
  readonly #active = new Set<string>()

  /** JSON of those that have changed. */
  kernels(statuses: readonly KernelStatus[]): string[] {
    return statuses.flatMap((status) => this.#ifNew(status, false))
  }

  /**
   * The same for all of them, once a sample: a kernel that has just stopped handling messages is told once more, or
   * whoever draws messages a second would never learn of the zero.
   */
  sampled(statuses: readonly KernelStatus[]): string[] {
    return statuses.flatMap((status) => {
      const isHandling = this.#handled.get(status.id) !== status.handled
      const hasCalmed = !isHandling && this.#active.delete(status.id)
      if (isHandling && this.#handled.has(status.id)) this.#active.add(status.id)
      this.#handled.set(status.id, status.handled)
      return this.#ifNew(status, hasCalmed)
    })
  }

  links(links: readonly TrafficLink[]): TrafficLink[] {
    return links.filter(({ from, to, messages }) => {
      const key = `${from} ${to}`
      if (this.#links.get(key) === messages) return false
      this.#links.set(key, messages)
      return true
    })
  }

  #ifNew(status: KernelStatus, always: boolean): string[] {
    const text = JSON.stringify(status)
    const compared = text.replace(/"uptimeMs":\d+/, '')
    if (this.#kernels.get(status.id) === compared && !always) return []
    this.#kernels.set(status.id, compared)
    return [text]
  }
}
