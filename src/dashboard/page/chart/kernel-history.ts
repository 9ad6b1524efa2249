/**
 * One kernel's steps, from the journal and from the stream, and the player that shows them. It asks the journal at its
 * beginning, for older ones, and where the stream has left a gap; it polls nothing.
 */
import { batch, effect, type Signal, signal } from '@preact/signals'
import type { HistoryStep } from '../../wire.ts'
import { ask } from '../api.ts'
import { kernels, link, onEvents, onRegained } from '../store.ts'
import { browserClock } from './browser-clock.ts'
import type { ChartMap } from './chart-map.ts'
import { merged, movesOf, stepOf } from './history.ts'
import type { Move } from './moves.ts'
import { Player } from './player.ts'

/** Steps read from the journal at a time. */
const pageSteps = 200
/** So long a status may say something else than the last step, since the two come by different frames. Milliseconds. */
const gapMs = 1500

export interface StepMove extends Move {
  readonly step: HistoryStep
}

export class KernelHistory {
  readonly kernel: string
  readonly player = new Player<StepMove>(browserClock)
  readonly steps: Signal<readonly HistoryStep[]> = signal([])
  /** The journal has older ones. */
  readonly hasOlder: Signal<boolean> = signal(false)
  readonly isReading: Signal<boolean> = signal(false)
  /** Why there is no history, where there is none. */
  readonly problem: Signal<string | undefined> = signal(undefined)
  readonly #map: ChartMap
  readonly #endings: (() => void)[] = []
  #isClosed = false

  constructor(kernel: string, map: ChartMap) {
    this.kernel = kernel
    this.#map = map
    this.#endings.push(onEvents((events) => this.#take(events.flatMap((event) => this.#ownStep(event)))))
    this.#endings.push(this.#watchForGaps())
    this.#endings.push(onRegained(() => void this.#readLast()))
    void this.#readLast()
  }

  close(): void {
    this.#isClosed = true
    for (const end of this.#endings.splice(0)) end()
    this.player.close()
  }

  async readOlder(): Promise<void> {
    const oldest = this.steps.peek()[0]
    if (oldest === undefined || this.isReading.peek()) return
    await this.#read({ before: oldest.seq }, false)
  }

  #ownStep(event: Parameters<typeof stepOf>[0]): HistoryStep[] {
    const step = event.kernel === this.kernel ? stepOf(event) : undefined
    return step === undefined ? [] : [step]
  }

  #take(happened: readonly HistoryStep[]): void {
    const last = this.steps.peek().at(-1)?.seq ?? -1
    const fresh = happened.filter(({ seq }) => seq > last)
    if (fresh.length === 0) return
    batch(() => {
      this.steps.value = merged(this.steps.peek(), fresh)
      this.player.add(this.#moves(this.steps.peek()), this.#moves(fresh))
    })
  }

  #moves(steps: readonly HistoryStep[]): StepMove[] {
    const moves = movesOf(steps, this.#map)
    return steps.flatMap((step, index) => {
      const move = moves[index]
      return move === undefined ? [] : [{ ...move, step }]
    })
  }

  #readLast(): Promise<void> {
    return this.#read({}, true)
  }

  async #read(where: { readonly before?: number }, isNewest: boolean): Promise<void> {
    this.isReading.value = true
    try {
      const read = await ask<readonly HistoryStep[]>('history', { kernel: this.kernel, limit: pageSteps, ...where })
      if (this.#isClosed) return
      batch(() => {
        if (!isNewest || this.steps.peek().length === 0) this.hasOlder.value = read.length >= pageSteps
        this.problem.value = undefined
        this.steps.value = merged(this.steps.peek(), read, isNewest)
        this.player.load(this.#moves(this.steps.peek()))
      })
    } catch (thrown) {
      this.problem.value = thrown instanceof Error ? thrown.message : String(thrown)
    } finally {
      this.isReading.value = false
    }
  }

  /** The stream leaves events out when there are too many, and ends when the line is lost: the status shows it. */
  #watchForGaps(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined
    const differs = () => {
      const status = kernels.peek().get(this.kernel)?.status.peek()
      const last = this.steps.peek().at(-1)
      return status !== undefined && last !== undefined && status.state !== last.to
    }
    const end = effect(() => {
      const state = kernels.value.get(this.kernel)?.status.value.state
      const isLive = link.value === 'live'
      clearTimeout(timer)
      if (!isLive || state === undefined || !differs()) return
      timer = setTimeout(() => {
        if (differs()) void this.#readLast()
      }, gapMs)
    })
    return () => {
      clearTimeout(timer)
      end()
    }
  }
}
