/**
 * Snapshots inside a kernel's thread: asked for by the host, taken at a moment at which nothing is being handled. While
 * one is taken the next messages wait; they do not wait for ever, because a handler may be waiting for one of them, and
 * a kernel's snapshot() may never end.
 */
import { systemClock } from '../base/clock.ts'
import { type ErrorRecord, toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { unrefTimer } from '../base/timers.ts'

export interface SnapshotPorts {
  /** Runs the kernel's snapshot(). */
  take(): Promise<Uint8Array | undefined>
  say(id: number, state: Uint8Array | undefined, error?: ErrorRecord): void
  /** Messages need not wait any more. */
  goOn(): void
}

export class Snapshots {
  readonly #ports: SnapshotPorts
  /** Ids that wait for their moment. */
  #requests: number[] = []
  /** Ids that the kernel's snapshot() runs for. */
  #taking: number[] | undefined
  /** A snapshot() that nobody waits for any more has not finished. */
  #abandoned = false
  /** The messages that are being handled may still end in time. */
  #hopes = false

  constructor(ports: SnapshotPorts) {
    this.#ports = ports
  }

  get isTaking(): boolean {
    return this.#taking !== undefined
  }

  /** @param running messages that are being handled. */
  request(id: number, running: number): void {
    if (this.#abandoned) {
      this.#ports.say(id, undefined, toRecord(unfinished()))
      return
    }
    this.#requests.push(id)
    if (running > 0) {
      this.#hopes = true
      unrefTimer(systemClock.setTimeout(() => this.#giveWay(), limits.snapshotGateMs))
    }
    this.#ports.goOn()
  }

  /** The moment did not come: it may do so between later messages. */
  #giveWay(): void {
    this.#hopes = false
    this.#ports.goOn()
  }

  /** The host waits no longer. */
  withdraw(id: number): void {
    this.#requests = this.#requests.filter((other) => other !== id)
    if (this.#taking?.includes(id)) {
      this.#taking = undefined
      this.#abandoned = true
    }
    this.#ports.goOn()
  }

  /** Whether the next message has to wait; begins a snapshot where its moment has come. */
  holds(running: number): boolean {
    if (this.#taking !== undefined) return true
    if (this.#requests.length === 0) return false
    if (running > 0) return this.#hopes
    this.#begin()
    return true
  }

  #begin(): void {
    const ids = this.#requests
    this.#requests = []
    this.#taking = ids
    this.#ports.take().then(
      (state) => this.#taken(ids, state),
      (thrown: unknown) => this.#taken(ids, undefined, toRecord(thrown)),
    )
  }

  #taken(ids: readonly number[], state: Uint8Array | undefined, error?: ErrorRecord): void {
    if (this.#taking !== ids) {
      this.#abandoned = false
      return
    }
    this.#taking = undefined
    for (const id of ids) this.#ports.say(id, state, error)
    this.#ports.goOn()
  }

  /** State as of an ordered end (id 0), so that a successor goes on from here. */
  async last(): Promise<void> {
    try {
      if (this.#abandoned) throw unfinished()
      this.#ports.say(0, await this.#ports.take())
    } catch (thrown) {
      this.#ports.say(0, undefined, toRecord(thrown))
    }
  }
}

function unfinished(): LazaretError {
  return new LazaretError('SNAPSHOT_FAILED', 'A snapshot() that was called earlier has not finished.')
}
