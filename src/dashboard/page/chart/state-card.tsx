/** Where the kernel is, or was at the step that one looks at: since when, why, how long still, and what is left to it. */
import type { ReadonlySignal } from '@preact/signals'
import type { JSX } from 'preact'
import type { KernelStatus } from '../../../supervisor/status.ts'
import { nowMs } from '../clock.ts'
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
      <dl class="facts">
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
          step?.timers.map(({ delay, ms }) => (
            <Fact key={delay} name={delay}>
              {duration(ms)} began here or before
            </Fact>
          ))}
      </dl>
      <Delays lights={lights} />
      <Budget budget={budget} />
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
    <div class="delay">
      <span>
        after <code>{countdown.delay}</code>
      </span>
      <strong>{leftText(left)}</strong>
      <progress max={1} value={shareLeft(countdown, now.value)} aria-label={`What is left of ${countdown.delay}`} />
    </div>
  )
}

/** Both budgets, a mark for each thing that may still be done. */
function Budget({ budget }: { readonly budget: KernelStatus['budget'] }): JSX.Element {
  const { failures, starts, max, attempts, maxAttempts } = budget
  return (
    <dl class="facts budget">
      <Fact name="restarts left">
        <Marks left={restartsLeft(budget)} of={max} />
        <span class="quiet">
          {' '}
          (crashes {failures} of {max}, starts {starts} of {max + 1})
        </span>
      </Fact>
      <Fact name="repairs left">
        <Marks left={Math.max(0, maxAttempts - attempts)} of={maxAttempts} />
      </Fact>
    </dl>
  )
}

function Marks({ left, of }: { readonly left: number; readonly of: number }): JSX.Element {
  return (
    <>
      {of <= 12 && (
        <span class="marks" aria-hidden="true">
          {Array.from({ length: of }, (_, index) => (
            <i key={index} class={index < left ? 'left' : ''} />
          ))}
        </span>
      )}
      <strong>{left}</strong> of {of}
    </>
  )
}
