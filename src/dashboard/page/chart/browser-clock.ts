/** The browser's clock for what is played, and a server's time that ticks only while a delay is watched. */
import { type ReadonlySignal, signal, useSignalEffect } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { skewMs } from '../store.ts'
import { nextTickMs, type Timer } from './countdown.ts'
import type { PlayerClock } from './player.ts'

export const browserClock: PlayerClock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

/** Epoch milliseconds, as the server has them. */
export const serverNow = (): number => Date.now() + skewMs.peek()

/** Ticks with the frames of a short delay, once a second for a long one, and not at all without one or out of sight. */
export function useCountdownTime(timers: ReadonlySignal<readonly Timer[]>): ReadonlySignal<number> {
  const now = useMemo(() => signal(serverNow()), [])
  useSignalEffect(() => {
    const running = timers.value
    let frame = 0
    let pause: ReturnType<typeof setTimeout> | undefined
    const tick = () => {
      now.value = serverNow()
      const next = nextTickMs(running, now.peek())
      if (next === undefined) return
      if (next === 'frame') frame = requestAnimationFrame(tick)
      else pause = setTimeout(() => (frame = requestAnimationFrame(tick)), next)
    }
    tick()
    return () => {
      cancelAnimationFrame(frame)
      clearTimeout(pause)
    }
  })
  return now
}
