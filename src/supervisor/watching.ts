/** Looks after a thread that may hang: its heartbeat, and what is done when that stands still. */
import type { Thread } from '../actor/thread.ts'
import { endHungThread } from './failures.ts'
import type { House } from './house.ts'
import type { Unit } from './unit.ts'

/** Returns the function that ends the watch. */
export function watchThread(house: House, unit: Unit, thread: Thread): () => void {
  return house.heartbeat.watch({
    ...{ id: unit.id, threadName: thread.name, page: thread.page, timeoutMs: unit.spec.heartbeat.timeoutMs },
    elu: () => ({ idle: thread.idleMs() }),
    probe: () => thread.post([{ t: 'probe' }]),
    cpuUsage: async () => (await thread.cpuUsage()) ?? { user: 0, system: 0 },
    onHang: (verdict) => {
      endHungThread(unit, thread, verdict).catch((thrown: unknown) => house.report(thrown))
    },
  })
}
