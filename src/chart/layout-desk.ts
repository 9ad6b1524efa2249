/**
 * Layouts off the thread that asks: ELK works for a second on a large chart, and a host that supervises cannot stand
 * still so long. The thread is started at the first need and ended when there was none for a while; layouts are kept by
 * what the chart is, so each is computed once however many ask for it.
 */
import { Worker } from 'node:worker_threads'
import { type ErrorRecord, fromRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { chartKey } from './chart-key.ts'
import type { Chart, ChartLayout } from './model.ts'

export interface LayoutJob {
  readonly id: number
  readonly chart: Chart
}
export type LayoutAnswer =
  | { readonly id: number; readonly layout: ChartLayout }
  | { readonly id: number; readonly error: ErrorRecord }

const ownExtension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const threadUrl = new URL(`./layout-thread${ownExtension}`, import.meta.url)

export interface LayoutDeskOptions {
  /** Milliseconds without work after which the thread is ended. Default limits.chartIdleMs. */
  readonly idleMs?: number
  /** Layouts that are kept. Default limits.chartLayouts. */
  readonly kept?: number
  /** Longest that one layout may take, in milliseconds. Default limits.chartDeadlineMs. */
  readonly deadlineMs?: number
  /** Of the thread. Default limits.chartHeapMb. */
  readonly heapMb?: number
}

interface Waiting {
  readonly resolve: (layout: ChartLayout) => void
  readonly reject: (why: unknown) => void
  readonly chart: Chart
}

export class LayoutDesk {
  readonly #idleMs: number
  readonly #kept: number
  readonly #deadlineMs: number
  readonly #heapMb: number
  /** By chart key, the one that was asked for longest ago first; pending ones too. */
  readonly #layouts = new Map<string, Promise<ChartLayout>>()
  readonly #waiting = new Map<number, Waiting>()
  readonly #leaving = new Set<Promise<unknown>>()
  #worker: Worker | undefined
  #timer: NodeJS.Timeout | undefined
  #nextId = 0
  #isClosed = false

  constructor({ idleMs, kept, deadlineMs, heapMb }: LayoutDeskOptions = {}) {
    this.#idleMs = idleMs ?? limits.chartIdleMs
    this.#kept = kept ?? limits.chartLayouts
    this.#deadlineMs = deadlineMs ?? limits.chartDeadlineMs
    this.#heapMb = heapMb ?? limits.chartHeapMb
  }

  /** Whether there is a thread at this moment. */
  get isRunning(): boolean {
    return this.#worker !== undefined
  }

  /**
   * @throws LazaretError CHART_TOO_LARGE; CHART_FAILED: ELK or its thread failed, or took too long; RUNTIME_STOPPED: the
   * desk is closed.
   */
  layout(chart: Chart): Promise<ChartLayout> {
    if (this.#isClosed) return Promise.reject(new LazaretError('RUNTIME_STOPPED', 'The desk for layouts is closed.'))
    const key = chartKey(chart)
    const known = this.#layouts.get(key)
    const layout = known ?? this.#ask(chart)
    this.#layouts.delete(key)
    this.#layouts.set(key, layout)
    if (known === undefined) {
      // What failed is tried again by whoever asks next.
      layout.catch(() => this.#layouts.get(key) === layout && this.#layouts.delete(key))
      const [oldest] = this.#layouts.keys()
      if (this.#layouts.size > this.#kept && oldest !== undefined) this.#layouts.delete(oldest)
    }
    return layout
  }

  /** Ends the thread; layouts that are pending fail. Resolves when it is gone. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#giveUp(new LazaretError('RUNTIME_STOPPED', 'The desk for layouts was closed.'))
    await Promise.all(this.#leaving)
  }

  #ask(chart: Chart): Promise<ChartLayout> {
    const id = this.#nextId++
    const { promise, resolve, reject } = Promise.withResolvers<ChartLayout>()
    const isFirst = this.#waiting.size === 0
    this.#waiting.set(id, { resolve, reject, chart })
    this.#post(id, chart)
    if (isFirst && this.#waiting.size > 0) this.#watch()
    return promise
  }

  #post(id: number, chart: Chart): void {
    try {
      const worker = this.#open()
      worker.ref()
      worker.postMessage({ id, chart } satisfies LayoutJob)
    } catch (thrown) {
      this.#waiting.get(id)?.reject(failed('Its thread could not be reached.', thrown))
      this.#waiting.delete(id)
      if (this.#waiting.size === 0) this.#end()
    }
  }

  #open(): Worker {
    if (this.#worker !== undefined) return this.#worker
    const worker = new Worker(threadUrl, {
      name: 'lazaret charts',
      resourceLimits: { maxOldGenerationSizeMb: this.#heapMb },
    })
    worker.on('message', (answer: LayoutAnswer) => this.#answered(answer))
    worker.on('error', (thrown) => this.#lost(worker, thrown))
    worker.on('exit', (code) => this.#lost(worker, new Error(`The thread ended with exit code ${code}.`)))
    this.#worker = worker
    return worker
  }

  #answered(answer: LayoutAnswer): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if ('layout' in answer) waiting?.resolve(answer.layout)
    else waiting?.reject(fromRecord(answer.error))
    if (this.#worker === undefined) return
    if (this.#waiting.size > 0) {
      this.#watch()
      return
    }
    // Nothing is pending: the thread keeps no process alive.
    this.#worker.unref()
    this.#after(this.#idleMs, () => this.#end())
  }

  /** The thread works on the oldest: a timer for that one, anew with each answer. */
  #watch(): void {
    this.#after(this.#deadlineMs, () =>
      this.#skip(failed(`It took longer than ${this.#deadlineMs / 1000} s.`, undefined)),
    )
  }

  #after(ms: number, run: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(run, ms)
    if (this.#waiting.size === 0) this.#timer.unref()
  }

  #lost(worker: Worker, thrown: unknown): void {
    if (this.#worker === worker) this.#skip(failed('The thread that lays charts out ended.', thrown))
  }

  /** The oldest is what the thread was at: it fails, and a new thread is given the others. */
  #skip(why: LazaretError): void {
    this.#end()
    const [oldest] = this.#waiting
    if (oldest === undefined) return
    this.#waiting.delete(oldest[0])
    oldest[1].reject(why)
    for (const [id, { chart }] of [...this.#waiting]) if (this.#waiting.has(id)) this.#post(id, chart)
    if (this.#waiting.size > 0) this.#watch()
  }

  #giveUp(why: LazaretError): void {
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    this.#end()
    for (const { reject } of waiting) reject(why)
  }

  #end(): void {
    clearTimeout(this.#timer)
    const worker = this.#worker
    this.#worker = undefined
    if (worker === undefined) return
    const left = worker.terminate().finally(() => this.#leaving.delete(left))
    this.#leaving.add(left)
  }
}

function failed(why: string, cause: unknown): LazaretError {
  return new LazaretError('CHART_FAILED', `A chart could not be laid out. ${why}`, {
    hint: 'Ask again: the next layout is made by a new thread.',
    ...(cause !== undefined && { cause }),
  })
}
