/**
 * The live steps of one remedy, as the supervisor carries them out: those in front of `restart` while the kernel is out of
 * service, those after it when it serves again on probation. What each does to the fleet is here; their order, times and
 * undoing are playbook/run.ts's, and what becomes of the hotfix is hotfixing.ts's.
 */
import { isDeepStrictEqual } from 'node:util'
import { valueAtKey } from '../base/dotted-key.ts'
import { LazaretError } from '../base/errors.ts'
import { type FailurePhase, isLive, type Precondition, type Remedy } from '../base/remedy.ts'
import { type Live, restartAt, type StepReport, StepRun } from '../playbook/run.ts'
import type { House } from './house.ts'
import { toldNotice } from './notices.ts'
import { fittingSettings } from './settings.ts'
import type { Unit } from './unit.ts'

export class Stepping {
  readonly #house: House
  readonly #unit: Unit
  readonly #remedy: Remedy
  readonly #phase: FailurePhase | undefined
  readonly #run: StepRun
  readonly #end = new AbortController()
  #inService: Promise<void> | undefined
  #restartTimer: unknown

  /** @param phase where the kernel failed. */
  constructor(house: House, unit: Unit, remedy: Remedy, phase: FailurePhase | undefined) {
    this.#house = house
    this.#unit = unit
    this.#remedy = remedy
    this.#phase = phase
    this.#run = new StepRun(remedy.steps, {
      clock: house.clock,
      holds: (condition) => this.#holds(condition),
      carryOut: (step, signal) => this.#carryOut(step, signal),
      undo: (step) => this.#undo(step),
      told: (report) => this.#told(report),
    })
  }

  /** The steps that the sandbox has shown are in force: they are told in their places. */
  applied(leftOut: readonly number[], tookMs: number): void {
    const { steps, playbook } = this.#remedy
    if (playbook === undefined) return
    for (const [index, step] of steps.entries()) {
      if (isLive(step)) continue
      const isLeftOut = leftOut.includes(index)
      const text = isLeftOut ? 'its precondition does not hold' : 'in force from the next start on'
      const outcome = isLeftOut ? 'left out' : 'done'
      this.#told({ n: index + 1, of: steps.length, do: step.do, outcome, text, tookMs: Math.round(tookMs) })
    }
  }

  /** The steps out of service. @returns why they ended early. */
  async outOfService(signal: AbortSignal): Promise<LazaretError | undefined> {
    const at = restartAt(this.#remedy.steps)
    const failed = await this.#run.run(0, at, AbortSignal.any([signal, this.#end.signal]))
    if (failed === undefined) this.#watchRestart(at)
    return failed
  }

  /** The steps in service; to be called when the kernel serves on probation. A failing one is a crash of the kernel. */
  served(): void {
    const { clock, report } = this.#house
    clock.clearTimeout(this.#restartTimer)
    const { steps } = this.#remedy
    const at = restartAt(steps)
    if (at === steps.length || this.#inService !== undefined) return
    this.#told({ n: at + 1, of: steps.length, do: 'restart', outcome: 'done', text: 'it serves again', tookMs: 0 })
    this.#inService = this.#run
      .run(at + 1, steps.length, this.#end.signal)
      .then((failed) => {
        if (failed !== undefined && !this.#end.signal.aborted) this.#fail(failed)
      })
      .catch(report)
  }

  /** Settles when the steps in service have ended; undefined where there are none. */
  get pending(): Promise<void> | undefined {
    return this.#inService
  }

  /** Nothing more is carried out. */
  abort(): void {
    this.#house.clock.clearTimeout(this.#restartTimer)
    this.#end.abort(new LazaretError('COMMAND_REFUSED', 'The repair was taken back meanwhile.'))
  }

  /** What was carried out is taken back. */
  async undo(): Promise<void> {
    this.abort()
    await this.#inService
    await this.#run.undo()
  }

  /** The kernel has the step's time to serve again, where it names one; startMs bounds its start in any case. */
  #watchRestart(at: number): void {
    const step = this.#remedy.steps[at]
    if (step?.timeoutMs === undefined) return
    const text = `Step ${at + 1}, restart, failed: it did not serve again within ${step.timeoutMs} ms`
    this.#restartTimer = this.#house.clock.setTimeout(
      () => this.#fail(new LazaretError('KERNEL_START_TIMEOUT', text, { kernel: this.#unit.id })),
      step.timeoutMs,
    )
  }

  /** As a crash on probation: the chart takes the repair back, and the playbook has failed. */
  #fail({ name, code, message }: LazaretError): void {
    const { thread } = this.#unit.instance
    thread?.kill({ name, code, message }, 'idle').catch(this.#house.report)
  }

  #told({ do: what, n, of, ...facts }: StepReport): void {
    const { events } = this.#house
    const { incident, id } = this.#unit
    const { playbook } = this.#remedy
    events.emit('playbook.stepped', id, {
      ...(incident && { incident }),
      ...(playbook && { playbook }),
      ...{ step: what, n, of, ...facts },
    })
  }

  #holds(condition: Precondition): boolean {
    if ('phase' in condition) return condition.phase === this.#phase
    if ('kernel' in condition) {
      const { id, serves } = condition.kernel
      const other = this.#house.units.get(id)
      return other !== undefined && (other.servingThread !== undefined && !this.#house.outOfService.has(id)) === serves
    }
    if ('config' in condition) {
      const { hotfix, fleetSpec } = this.#unit
      const config = fittingSettings(hotfix?.body, fleetSpec).config ?? fleetSpec.config
      return isDeepStrictEqual(valueAtKey(config, condition.config.key) ?? null, condition.config.equals)
    }
    // Of files only the proof knows the text; the schema takes such a condition for the steps that it shows.
    return false
  }

  async #carryOut(step: Live, signal: AbortSignal): Promise<string> {
    switch (step.do) {
      case 'reroute':
        return this.#reroute(step.to)
      case 'notify':
        return this.#notify(step.text)
      case 'ask':
        return this.#ask(step, signal)
      case 'wait':
      case 'restart':
        // The run keeps its own time, and the restart is the chart's.
        return ''
    }
  }

  #reroute(to: string): string {
    const { units, outOfService } = this.#house
    const unit = this.#unit
    if (to === unit.id || !units.has(to)) {
      throw new LazaretError('UNKNOWN_KERNEL', `messages cannot go to ${JSON.stringify(to)}`, { kernel: unit.id })
    }
    unit.route.divert(to)
    outOfService.change(unit.id, unit.route.servedBy)
    return unit.route.servedBy === 'reroute' ? `messages go to ${to}` : `its ${unit.route.servedBy} serves meanwhile`
  }

  #notify(text: string): string {
    const { incidents, clock, notify } = this.#house
    const row = incidents.list().find(({ id }) => id === this.#unit.incident)
    if (row === undefined) throw new LazaretError('NOT_FOUND', 'there is no open incident to tell of')
    notify(toldNotice(row, text, clock.now()))
    return 'operators were told'
  }

  async #ask(step: Extract<Live, { do: 'ask' }>, signal: AbortSignal): Promise<string> {
    const reply = await this.#send(step.kernel, step.method, step.args, step.timeoutMs)
    signal.throwIfAborted()
    if (!('expect' in step) || isDeepStrictEqual(reply ?? null, step.expect)) return `${step.kernel} replied`
    throw new LazaretError('HANDLER_FAILED', `${step.kernel}.${step.method} replied something else than is expected`)
  }

  #send(to: string, method: string, args: readonly unknown[], deadlineMs: number | undefined): Promise<unknown> {
    const options = deadlineMs === undefined ? {} : { deadlineMs }
    const sent = this.#house.office.hostSend({ kind: 'ask', to, method, args: [...args], options })
    return sent ?? Promise.resolve(undefined)
  }

  async #undo(step: Live): Promise<string | undefined> {
    if (step.do === 'reroute') {
      this.#unit.route.divert(undefined)
      this.#house.outOfService.change(this.#unit.id, this.#unit.route.servedBy)
      return 'messages are no longer passed on'
    }
    if (step.do !== 'ask' || step.undo === undefined) return undefined
    await this.#send(step.kernel, step.undo.method, step.undo.args, step.timeoutMs)
    return `${step.kernel} replied to ${step.undo.method}`
  }
}
