/** Where the kernel is, or was at the step that one looks at: since when, why, how long still, and what is left to it. */
import type { ReadonlySignal } from '@preact/signals'
import type { JSX } from 'preact'
import type { KernelStatus } from '../../../supervisor/status.ts'
import { nowMs } from '../clock.ts'
import { Pips } from '../pips.tsx'
import type { LiveKernel } from '../store.ts'
import { duration, toneOf } from '../words.ts'
import type { Lights } from './canvas.tsx'
import { type Countdown, leftMs, leftText, shareLeft } from './countdown.ts'
import { Fact } from './edge-card.tsx'
import { restartsLeft } from './guards.ts'
import { dayTime } from './history.ts'
import type { KernelHistory } from './kernel-history.ts'

export function StateCard({
  kernel,
  history,
  lights,
  budget,
}: {
  readonly kernel: LiveKernel
  readonly history: KernelHistory
  readonly lights: Lights
  readonly budget: KernelStatus['budget']
}): JSX.Element {
  const { player } = history
  const isLive = player.isLive.value
  const step = player.shown.value?.step
  const status = kernel.status.value
  const state = step?.to ?? status.state
  const since = isLive && step?.to === status.state ? status.stateSince : (step?.at ?? status.stateSince)
  return (
    <section class={`panel state-card ${isLive ? '' : 'past'}`} aria-labelledby="state-title">
      <h2 id="state-title">{isLive ? 'Now' : `At ${dayTime(since, nowMs.value)}`}</h2>
      <p class={`state-path ${toneOf(state)}`}>
        {state.split('.').map((key, index) => (
          <span key={key}>
            {index > 0 && <span class="quiet"> › </span>}
            {key}
          </span>
        ))}
      </p>
      <dl class="chart-facts">
        {isLive ? (
          <Fact name="since">
            {dayTime(since, nowMs.value)} ({duration(Math.max(0, nowMs.value - since))})
          </Fact>
        ) : (
          <Fact name="came from">{step?.from}</Fact>
        )}
        {step !== undefined && (
          <Fact name="because of">
            <strong>{step.on === '' ? 'always' : step.on}</strong>
          </Fact>
        )}
        {!isLive &&
          step?.timers.map(({ delay, ms, endsAt }) => (
            <Fact key={delay} name={delay}>
              {duration(ms)}, until {dayTime(endsAt, nowMs.value)}
            </Fact>
          ))}
        <Fact name="restarts left">
          {restartsLeft(budget)} of {budget.max}
        </Fact>
        {!isLive && <Counters budget={budget} />}
      </dl>
      <Delays lights={lights} />
    </section>
  )
}

function Delays({ lights }: { readonly lights: Lights }): JSX.Element {
  return (
    <>
      {lights.countdowns.value.map((countdown) => (
        <Delay key={countdown.edge} countdown={countdown} now={lights.now} />
      ))}
    </>
  )
}

function Delay({ countdown, now }: { readonly countdown: Countdown; readonly now: ReadonlySignal<number> }) {
  const left = leftMs(countdown, now.value)
  if (left <= 0) return null
  return (
    <div class="delay-left">
      <span>
        after <code>{countdown.delay}</code>
      </span>
      <strong>{leftText(left)}</strong>
      <progress max={1} value={shareLeft(countdown, now.value)} aria-label={`What is left of ${countdown.delay}`} />
    </div>
  )
}

/** What its counters were at a step of the past; those of the present stand above the chart. */
function Counters({ budget }: { readonly budget: KernelStatus['budget'] }): JSX.Element {
  const { failures, starts, max, attempts, maxAttempts } = budget
  return (
    <>
      <Fact name="crashes">
        <Pips used={failures} of={max} name="crashes since it was last steady" /> {failures} of {max}
      </Fact>
      <Fact name="starts">
        <Pips used={starts} of={1 + max} name="starts since it was last steady" free={1} /> {starts} of {1 + max}
      </Fact>
      <Fact name="repairs">
        <Pips used={attempts} of={maxAttempts} name="repairs tried for the incident" /> {attempts} of {maxAttempts}
      </Fact>
    </>
  )
}
