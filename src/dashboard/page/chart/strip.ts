/** The history as a strip as long as its time: how long it was in which colour of state, and where it crashed. Pure. */
import type { HistoryStep } from '../../wire.ts'
import { type Tone, toneOf } from '../words.ts'
import { beginsProcess, isCrash } from './history.ts'

export interface Stretch {
  readonly x: number
  readonly width: number
  readonly tone: Tone
  readonly state: string
}

export interface StripMark {
  readonly x: number
  readonly kind: 'crash' | 'process'
}

export interface Strip {
  readonly stretches: readonly Stretch[]
  readonly marks: readonly StripMark[]
}

/** Narrower than this is not drawn apart from its neighbours. Of a strip 1000 wide. */
const narrowest = 0.8
const worst: Readonly<Record<Tone, number>> = { bad: 4, calm: 3, watch: 2, plain: 1, good: 0 }

/** Stretches and marks between two times, on a strip from 0 to 1000. */
export function stripOf(steps: readonly HistoryStep[], from: number, until: number): Strip {
  const span = Math.max(1, until - from)
  const place = (at: number) => Math.min(1000, Math.max(0, ((at - from) / span) * 1000))
  const stretches: Stretch[] = []
  const marks: StripMark[] = []
  steps.forEach((step, index) => {
    const next = steps[index + 1]
    const ends = next?.at ?? until
    if (ends < from || step.at > until) return
    const [x, end] = [place(step.at), place(ends)]
    add(stretches, { x, width: end - x, tone: toneOf(step.to), state: step.to })
    if (step.at < from) return
    if (isCrash(step)) mark(marks, { x, kind: 'crash' })
    else if (index > 0 && beginsProcess(step, steps[index - 1])) mark(marks, { x, kind: 'process' })
  })
  return { stretches, marks }
}

function add(stretches: Stretch[], next: Stretch): void {
  const last = stretches.at(-1)
  if (last === undefined || (last.tone !== next.tone && last.width >= narrowest && next.width >= narrowest)) {
    stretches.push(next)
    return
  }
  if (last.tone === next.tone || (last.width < narrowest && next.width < narrowest)) {
    const sterner = worst[next.tone] > worst[last.tone] ? next : last
    stretches[stretches.length - 1] = { ...sterner, x: last.x, width: last.width + next.width }
  } else {
    stretches.push(next)
  }
}

function mark(marks: StripMark[], next: StripMark): void {
  const last = marks.at(-1)
  if (last !== undefined && next.x - last.x < narrowest && last.kind === next.kind) return
  marks.push(next)
}

/** Index of the step in force at a place on the strip; -1 before the first. */
export function stepAt(steps: readonly HistoryStep[], at: number): number {
  let [low, high] = [0, steps.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((steps[middle]?.at ?? 0) <= at) low = middle + 1
    else high = middle
  }
  return low - 1
}
