/**
 * Which kernels are out of service, and who is told: the events, and `system.degraded_mode` on the bus whenever the list
 * changes. What becomes of their messages meanwhile is the route's part; why they are out is the incident's.
 */
import type { BusTopics } from '../actor/kernel.ts'
import type { Emit } from '../base/events.ts'

export interface OutOfServicePorts {
  readonly emit: Emit
  readonly publish: (topic: 'system.degraded_mode', payload: BusTopics['system.degraded_mode']) => void
}

export class OutOfService {
  readonly #ports: OutOfServicePorts
  /** In the order of leaving. */
  readonly #kernels = new Set<string>()

  constructor(ports: OutOfServicePorts) {
    this.#ports = ports
  }

  has(kernel: string): boolean {
    return this.#kernels.has(kernel)
  }

  /** What `system.degraded_mode` says now. */
  mode(): BusTopics['system.degraded_mode'] {
    return { enabled: this.#kernels.size > 0, disabled_kernels: [...this.#kernels] }
  }

  /** The kernel is quarantined. A second call changes nothing. */
  enter(kernel: string, mode: 'buffer' | 'reject', incident: string | undefined): void {
    if (this.#kernels.has(kernel)) return
    this.#kernels.add(kernel)
    this.#ports.emit('kernel.quarantined', kernel, incident === undefined ? {} : { incident })
    this.#ports.emit('degraded.entered', kernel, { mode })
    this.#ports.publish('system.degraded_mode', this.mode())
  }

  /** It serves again. @param waiting messages that were kept for it. */
  leave(kernel: string, waiting: number): void {
    if (!this.#kernels.delete(kernel)) return
    this.#ports.emit('degraded.left', kernel, { waiting })
    this.#ports.publish('system.degraded_mode', this.mode())
  }
}
