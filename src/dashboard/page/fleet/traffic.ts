/**
 * Who talks to whom, and how much just now: a signal for each pair, made of the counts that the server sends. It draws
 * nothing.
 */
import { effect, type Signal, signal } from '@preact/signals'
import { nowMs } from '../clock.ts'
import { staleMs } from '../samples.ts'
import { links } from '../store.ts'

export interface Flow {
  readonly from: string
  readonly to: string
  /** Messages since the runtime was started. */
  readonly messages: Signal<number>
  /** Messages a second, smoothed; 0 after a while without any. */
  readonly rate: Signal<number>
}

interface Tracked extends Flow {
  at: number
}

const tracked = new Map<string, Tracked>()

/** By `from to`. Another map when a pair has come; the rates are signals of their own. */
export const flows = signal<ReadonlyMap<string, Flow>>(new Map())

/** Returns the function that ends it. */
export function followTraffic(): () => void {
  const offLinks = effect(() => {
    const all = links.value
    const now = Date.now()
    const before = tracked.size
    for (const { from, to, messages } of all) take(`${from} ${to}`, from, to, messages, now)
    if (tracked.size !== before || flows.peek().size !== tracked.size) flows.value = new Map(tracked)
  })
  const offClock = effect(() => {
    nowMs.value
    const oldest = Date.now() - staleMs
    for (const flow of tracked.values()) if (flow.at < oldest) flow.rate.value = 0
  })
  return () => {
    offLinks()
    offClock()
  }
}

function take(key: string, from: string, to: string, messages: number, now: number): void {
  const known = tracked.get(key)
  if (known === undefined) {
    // What was said before this page was opened tells nothing of now.
    tracked.set(key, { from, to, messages: signal(messages), rate: signal(0), at: now })
    return
  }
  const more = messages - known.messages.peek()
  if (more === 0) return
  const seconds = Math.max(0.25, Math.min(staleMs, now - known.at) / 1000)
  known.rate.value = more < 0 ? 0 : (known.rate.peek() + more / seconds) / 2
  known.messages.value = messages
  known.at = now
}
