/**
 * Into service and out of it: what a kernel's route is joined to when an instance is ready, when the kernel leaves
 * service, and when the standby that served becomes its instance. Who that is, is decided by the chart and the stand-ins.
 */
import type { ThreadMessage } from '../actor/protocol.ts'
import type { Thread } from '../actor/thread.ts'
import type { BootReason } from '../lifecycle/instance.ts'
import type { StandIn } from '../lifecycle/stand-in.ts'
import type { Bystanders } from './bystanders.ts'
import type { House } from './house.ts'
import type { Unit } from './unit.ts'

/** Out of service: whatever becomes ready then is not let in. */
const outStates = /^(?:failed|quarantined|repairing|stopping|stopped)/

export interface ServicePorts {
  readonly bystanders: Bystanders
  /** An orderly end waits for this work. */
  track(work: Promise<void>): void
  isStopping(): boolean
}

export class Service {
  readonly #house: House
  readonly #ports: ServicePorts

  constructor(house: House, ports: ServicePorts) {
    this.#house = house
    this.#ports = ports
  }

  /** The kernel's own instance can serve. */
  ready(unit: Unit, thread: Thread, message: Extract<ThreadMessage, { t: 'ready' }>, reason: BootReason): void {
    const { events, office } = this.#house
    unit.keepsState = message.keepsState
    office.started(unit)
    unit.keeper.begin(reason !== 'rejoin')
    if (reason === 'rejoin') this.#rejoined(unit)
    else if (reason !== 'first') events.emit('kernel.restarted', unit.id, { reason })
    // Whoever serves finishes what it has in hand first: messages are handled one at a time, and in order.
    if (unit.standIns.kind === undefined) this.#open(unit, thread)
    else this.#ports.track(unit.standIns.dismiss().then(() => this.#open(unit, thread)))
    unit.standIns.fill(true)
    this.#ports.bystanders.settled(unit)
  }

  #open(unit: Unit, thread: Thread): void {
    // A command, or a crash, came first.
    if (thread.ended || unit.instance.thread !== thread || outStates.test(unit.instance.state)) return
    unit.route.open(thread)
    thread.epoch = unit.route.epoch
    this.#house.outOfService.leave(unit.id, unit.route.mailbox.depth)
    unit.steps?.served()
  }

  #rejoined(unit: Unit): void {
    this.#house.events.emit('kernel.rejoined', unit.id, { ...(unit.incident && { incident: unit.incident }) })
  }

  /** The standby that served is the instance now; what was repaired stands by. */
  adopted(unit: Unit, { request, files }: StandIn): void {
    unit.boot = request
    unit.files.clear()
    for (const [url, file] of files) unit.files.set(url, file)
    unit.failedOver = true
    unit.route.adopt()
    this.#rejoined(unit)
    this.#house.outOfService.leave(unit.id, unit.route.mailbox.depth)
    unit.steps?.served()
    unit.standIns.fill(true)
  }

  /** The kernel leaves service: its thread is ended, where it has one, and whoever can stands in. */
  async leave(unit: Unit): Promise<void> {
    const { route, instance, standIns, spec } = unit
    const { outOfService } = this.#house
    this.#ports.bystanders.settled(unit)
    const isAlive = instance.thread !== undefined
    route.degrade(isAlive ? (standIns.kind ?? standIns.candidate) : standIns.takeOver())
    outOfService.enter(unit.id, route.servedBy, spec.degraded.to, unit.incident)
    outOfService.change(unit.id, route.servedBy)
    // One that waits for its turn to start gives up, too.
    await instance.endThread()
    if (isAlive && !this.#ports.isStopping() && outStates.test(instance.state)) {
      // Whoever takes over serves now that this one has ended; messages have waited for it.
      route.degrade(standIns.takeOver())
      outOfService.change(unit.id, route.servedBy)
    }
    if (this.#ports.isStopping()) return
    // One whose process was killed comes without standbys, and one whose standby was lost may have another.
    standIns.fill()
  }
}
