/**
 * A kernel's history as the page keeps it: what the journal told and what has happened since, in one row without gaps
 * and doubles. Pure.
 */
import type { LazaretEvent } from '../../../base/events.ts'
import type { HistoryStep } from '../../wire.ts'
import { clockTime, type Tone, toneOf } from '../words.ts'
import type { ChartMap } from './chart-map.ts'
import type { Move } from './moves.ts'

/** More than this is not kept: older ones are read again when they are asked for. */
export const stepsKept = 2000

/** A step as it comes from an event `kernel.transitioned`; undefined where that is not what it is. */
export function stepOf(event: LazaretEvent): HistoryStep | undefined {
  if (event.type !== 'kernel.transitioned') return undefined
  const { seq, at, from, to, on, edges, failures, starts, attempts, timers } = event as LazaretEvent &
    Partial<HistoryStep>
  if (typeof from !== 'string' || typeof to !== 'string') return undefined
  return {
    ...{ seq, at, from, to, on: typeof on === 'string' ? on : '' },
    ...{ edges: Array.isArray(edges) ? edges : [], timers: Array.isArray(timers) ? timers : [] },
    ...{ failures: failures ?? 0, starts: starts ?? 0, attempts: attempts ?? 0 },
  }
}

/** Both in one row by seq, each once. Where there are too many, `newest` says which end is kept. */
export function merged(
  known: readonly HistoryStep[],
  more: readonly HistoryStep[],
  newest = true,
): readonly HistoryStep[] {
  if (more.length === 0) return known
  const lastKnown = known.at(-1)?.seq ?? -1
  // The usual case: one more at the end.
  const isNext = more.every(({ seq }, index) => seq > (index === 0 ? lastKnown : (more[index - 1]?.seq ?? 0)))
  const all = isNext
    ? [...known, ...more]
    : [...new Map([...known, ...more].map((step) => [step.seq, step])).values()].sort((a, b) => a.seq - b.seq)
  if (all.length <= stepsKept) return all
  return newest ? all.slice(-stepsKept) : all.slice(0, stepsKept)
}

/** Where a step begins another process: the one before did not end where this one starts. */
export function beginsProcess(step: HistoryStep, before: HistoryStep | undefined): boolean {
  return step.from === 'stopped' && (before === undefined || before.to !== step.from || isStart(step))
}

function isStart({ on }: HistoryStep): boolean {
  return on === 'START' || on === 'RESUME'
}

export function isCrash({ on }: HistoryStep): boolean {
  return on === 'CRASHED'
}

export function toneOfStep(step: HistoryStep): Tone {
  return isCrash(step) ? 'bad' : toneOf(step.to)
}

export function movesOf(steps: readonly HistoryStep[], map: ChartMap): Move[] {
  return steps.map((step) => moveOf(step, map))
}

export function moveOf({ seq, at, edges, to }: HistoryStep, map: ChartMap): Move {
  return { key: seq, at, edges, active: map.nodesOf(to) }
}

/** `Mar 3`, in the words of whoever reads it. */
export function dayOf(at: number): string {
  return new Date(at).toLocaleDateString(undefined, { month: 'short', day: 'numeric' })
}

/** The time of day, with the day where it is another one than that of `now`. */
export function dayTime(at: number, now: number): string {
  return dayOf(at) === dayOf(now) ? clockTime(at) : `${dayOf(at)} ${clockTime(at)}`
}

/** `CRASHED: running.steady → failed.capturing`. */
export function stepText({ on, from, to }: HistoryStep): string {
  return `${on === '' ? 'always' : on}: ${from === to ? `stays in ${to}` : `${from} → ${to}`}`
}
