/**
 * Which kernels are out of service, and who is told: the events, and `system.degraded_mode` on the bus whenever the list
 * changes. What becomes of their messages meanwhile is the route's part; why they are out is the incident's.
 */
import type { BusTopics } from '../actor/kernel.ts'
import type { Emit } from '../base/events.ts'

export interface OutOfServicePorts {
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  readonly emit: Emit
  readonly publish: (topic: 'system.degraded_mode', payload: BusTopics['system.degraded_mode']) => void
}

export class OutOfService {
  readonly #ports: OutOfServicePorts
  /** By kernel, in the order of leaving. */
  readonly #kernels = new Map<string, { mode: string; readonly sinceMs: number }>()

  constructor(ports: OutOfServicePorts) {
    this.#ports = ports
  }

  has(kernel: string): boolean {
    return this.#kernels.has(kernel)
  }

  /** What `system.degraded_mode` says now. */
  mode(): BusTopics['system.degraded_mode'] {
    return { enabled: this.#kernels.size > 0, disabled_kernels: [...this.#kernels.keys()] }
  }

  /**
   * The kernel is quarantined. A second call changes nothing.
   * @param mode what answers for it, see Route.servedBy.
   * @param to the kernel that gets its messages, where they are rerouted.
   */
  enter(kernel: string, mode: string, to: string | undefined, incident: string | undefined): void {
    if (this.#kernels.has(kernel)) return
    this.#kernels.set(kernel, { mode, sinceMs: this.#ports.nowMs() })
    this.#ports.emit('kernel.quarantined', kernel, incident === undefined ? {} : { incident })
    this.#ports.emit('degraded.entered', kernel, { mode, ...(to !== undefined && { to }) })
    this.#ports.publish('system.degraded_mode', this.mode())
  }

  /** Something else answers for it now. */
  change(kernel: string, mode: string): void {
    const out = this.#kernels.get(kernel)
    if (out === undefined || out.mode === mode) return
    this.#ports.emit('degraded.changed', kernel, { from: out.mode, mode })
    out.mode = mode
  }

  /** It serves again. @param waiting messages that were kept for it. */
  leave(kernel: string, waiting: number): void {
    const out = this.#kernels.get(kernel)
    if (out === undefined) return
    this.#kernels.delete(kernel)
    const forMs = Math.round(this.#ports.nowMs() - out.sinceMs)
    this.#ports.emit('degraded.left', kernel, { mode: out.mode, waiting, forMs })
    this.#ports.publish('system.degraded_mode', this.mode())
  }
}
