/** What is left of the delays that run, in the words and at the pace of a screen. Pure. */
import type { KernelStatus } from '../../../supervisor/status.ts'
import { duration } from '../words.ts'
import type { ChartMap } from './chart-map.ts'

export type Timer = KernelStatus['timers'][number]

/** A delay that runs, and where it is drawn. */
export interface Countdown extends Timer {
  /** Node whose delay it is. */
  readonly node: string
  readonly edge: string
}

/** Each timer at the innermost active node that has an edge with this delay. */
export function countdownsOf(map: ChartMap, active: Iterable<string>, timers: readonly Timer[]): Countdown[] {
  const after = map.possible(active).filter(({ kind }) => kind === 'after')
  return timers.flatMap((timer) => {
    const edge = after.find(({ delay }) => String(delay) === timer.delay)
    return edge === undefined ? [] : [{ ...timer, node: edge.source, edge: edge.id }]
  })
}

/** Milliseconds, never below 0. */
export function leftMs({ endsAt }: Timer, now: number): number {
  return Math.max(0, endsAt - now)
}

/** 1 at its beginning, 0 at its end. */
export function shareLeft(timer: Timer, now: number): number {
  return timer.ms <= 0 ? 0 : Math.min(1, leftMs(timer, now) / timer.ms)
}

/** `0.4 s`, `9.9 s`, `42 s`, `3 min 5 s`: tenths only where they can be followed. */
export function leftText(ms: number): string {
  if (ms < 10_000) return `${(Math.ceil(ms / 100) / 10).toFixed(1)} s`
  if (ms < 60_000) return `${Math.ceil(ms / 1000)} s`
  return duration(Math.ceil(ms / 1000) * 1000)
}

/** When the text or the bar changes next: every frame while it is short, once a second while it is long. */
export function nextTickMs(timers: readonly Timer[], now: number): 'frame' | number | undefined {
  const left = timers.map((timer) => leftMs(timer, now)).filter((ms) => ms > 0)
  if (left.length === 0) return undefined
  return Math.min(...left) <= 30_000 ? 'frame' : 1000
}
