/** The server's time as the page shows it, a second at a time; it ticks only while something on the screen looks at it. */
import { signal } from '@preact/signals'
import { skewMs } from './store.ts'

let timer: ReturnType<typeof setInterval> | undefined

function tick(): void {
  nowMs.value = Date.now() + skewMs.peek()
}

/** Epoch milliseconds. */
export const nowMs = signal(Date.now(), {
  watched() {
    timer = setInterval(tick, 1000)
    // After the subscription that has started it, or that would be told of a change while it subscribes.
    queueMicrotask(tick)
  },
  unwatched() {
    clearInterval(timer)
  },
})
