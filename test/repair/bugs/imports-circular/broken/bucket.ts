import { defaultWindow, type Window } from './window.ts'

/** A caller that never came back is kept no longer than this. */
const keptMs = 10 * defaultWindow.lengthMs

export function secondsIn(ms: number): number {
  return ms / 1000
}

export class Bucket {
  hits: number[]

  constructor(hits: number[] = []) {
    this.hits = hits
  }

  take(now: number, window: Window): boolean {
    this.hits = this.hits.filter((hit) => hit > now - keptMs)
    if (this.left(now, window) === 0) return false
    this.hits.push(now)
    return true
  }

  left(now: number, { lengthMs, calls }: Window): number {
    const used = this.hits.filter((hit) => hit > now - lengthMs).length
    return Math.max(0, calls - used)
  }
}
