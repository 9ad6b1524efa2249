/** A small chart by hand, and a clock that goes when it is told to: for the tests of what a chart shows. */
import type { Chart, ChartEdge, ChartNode } from '../../src/chart/model.ts'
import type { PlayerClock } from '../../src/dashboard/page/chart/player.ts'
import type { HistoryStep } from '../../src/dashboard/wire.ts'

function node(id: string, children: readonly ChartNode[] = []): ChartNode {
  const lists = { entry: [], exit: [], invokes: [], spawns: [], tags: [] }
  return { id, key: id.split('.').at(-1) ?? id, kind: children.length > 0 ? 'compound' : 'atomic', children, ...lists }
}

function edge(source: string, target: string, event: string, more: Partial<ChartEdge> = {}): ChartEdge {
  const id = `${source}|${event}|0`
  return { id, source, targets: [target], kind: 'event', event, actions: [], reenter: false, ...more }
}

export const lampChart: Chart = {
  id: 'lamp',
  root: node('lamp', [node('lamp.off'), node('lamp.on', [node('lamp.on.dim'), node('lamp.on.bright')])]),
  edges: [
    edge('lamp.off', 'lamp.on', 'SWITCH'),
    edge('lamp.on', 'lamp.off', 'SWITCH'),
    edge('lamp.on.dim', 'lamp.on.bright', 'after warmUp', { kind: 'after', delay: 'warmUp' }),
    edge('lamp.on', 'lamp.off', 'after autoOff', { kind: 'after', delay: 'autoOff' }),
  ],
}

export function step(seq: number, from: string, to: string, more: Partial<HistoryStep> = {}): HistoryStep {
  const counters = { failures: 0, starts: 0, attempts: 0 }
  return { seq, at: seq * 1000, from, to, on: 'SWITCH', edges: [], timers: [], ...counters, ...more }
}

export class HandClock implements PlayerClock {
  #nowMs = 0
  #due: { readonly atMs: number; readonly run: () => void }[] = []

  now(): number {
    return this.#nowMs
  }

  after(ms: number, run: () => void): () => void {
    const entry = { atMs: this.#nowMs + ms, run }
    this.#due.push(entry)
    return () => {
      this.#due = this.#due.filter((one) => one !== entry)
    }
  }

  /** Calls what is due until then, each at its time. */
  pass(ms: number): void {
    const until = this.#nowMs + ms
    for (;;) {
      const next = this.#due.filter(({ atMs }) => atMs <= until).sort((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined) break
      this.#due = this.#due.filter((one) => one !== next)
      this.#nowMs = next.atMs
      next.run()
    }
    this.#nowMs = until
  }

  get waiting(): number {
    return this.#due.length
  }
}
