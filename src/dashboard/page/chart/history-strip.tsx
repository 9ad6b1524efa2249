/** The time that the known steps cover, to scale: colours of states, crashes, and where one looks. For the pointer. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { nowMs } from '../clock.ts'
import { clockTime, duration } from '../words.ts'
import { dayTime } from './history.ts'
import type { KernelHistory } from './kernel-history.ts'
import { stepAt, stripOf } from './strip.ts'

/** How much of the time is shown. Milliseconds; the first: all that is known. */
const spans = [
  { name: 'all', ms: Number.POSITIVE_INFINITY },
  { name: '1 h', ms: 3_600_000 },
  { name: '5 min', ms: 300_000 },
  { name: '30 s', ms: 30_000 },
] as const

export function HistoryStrip({ history }: { readonly history: KernelHistory }): JSX.Element {
  const span = useSignal<number>(Number.POSITIVE_INFINITY)
  const steps = history.steps.value
  const { player } = history
  const now = Math.max(nowMs.value, steps.at(-1)?.at ?? 0)
  // A shorter stretch is around what one looks at; live that is the present.
  const at = player.isLive.value ? now : (player.shown.value?.at ?? now)
  const until = Number.isFinite(span.value) ? Math.min(now, at + span.value / 2) : now
  const from = Number.isFinite(span.value) ? until - span.value : (steps[0]?.at ?? until)
  const { stretches, marks } = stripOf(steps, from, until)
  const place = ((at - from) / Math.max(1, until - from)) * 1000
  const pick = (event: MouseEvent & { readonly currentTarget: SVGElement }) => {
    const { left, width } = event.currentTarget.getBoundingClientRect()
    const index = stepAt(steps, from + ((event.clientX - left) / Math.max(1, width)) * (until - from))
    if (index >= 0) player.goTo(index)
  }
  return (
    <div class="strip-row">
      <svg class="history-strip" viewBox="0 0 1000 30" preserveAspectRatio="none" aria-hidden="true" onClick={pick}>
        <rect class="empty" x="0" y="8" width="1000" height="16" />
        {stretches.map(({ x, width, tone }) => (
          <rect key={x} class={tone} x={x} y="8" width={width} height="16" />
        ))}
        {marks.map(({ x, kind }) => (
          <path key={`${kind} ${x}`} class={kind} d={`M${x} ${kind === 'crash' ? 2 : 5}V28`} />
        ))}
        <path class="here" d={`M${Math.min(1000, Math.max(0, place))} 0V30`} />
      </svg>
      <div class="strip-legend quiet">
        <span>{dayTime(from, now)}</span>
        <label>
          <span class="unseen">Time shown</span>
          <select
            value={String(span.value)}
            onChange={({ currentTarget }) => (span.value = Number(currentTarget.value))}
          >
            {spans.map(({ name, ms }) => (
              <option key={name} value={String(ms)}>
                {name === 'all' ? `all (${duration(Math.max(0, now - (steps[0]?.at ?? now)))})` : name}
              </option>
            ))}
          </select>
        </label>
        <span>{until >= now ? 'now' : clockTime(until)}</span>
      </div>
    </div>
  )
}
