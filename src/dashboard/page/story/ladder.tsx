/** The ladder as it was climbed: each step with when, how long and what of it. */
import type { JSX } from 'preact'
import type { LadderStep } from '../../story-shape.ts'
import { clockTime, count, duration } from '../words.ts'

interface Props {
  readonly steps: readonly LadderStep[]
  readonly leftOut: number
  /** Epoch milliseconds, for what goes on. */
  readonly now: number
}

export function LadderSection({ steps, leftOut, now }: Props): JSX.Element {
  return (
    <section class="panel story-ladder" aria-labelledby="story-ladder">
      <h2 id="story-ladder">The ladder</h2>
      {leftOut > 0 && <p class="quiet">{count(leftOut, 'step')} before these not shown.</p>}
      <ol class="ladder">
        {steps.map((step) => (
          <Step key={`${step.at} ${step.title}`} {...{ step, now }} />
        ))}
      </ol>
    </section>
  )
}

function Step({ step, now }: { step: LadderStep; now: number }): JSX.Element {
  const { title, at, endAt, tone, words, parts } = step
  const took = Math.max(0, (endAt ?? now) - at)
  return (
    <li class={`rung ${tone}`}>
      <span class="mark" aria-hidden="true">
        {step.step}
      </span>
      <div>
        <p class="rung-title">
          <strong>{title}</strong>
          <time class="quiet" dateTime={new Date(at).toISOString()}>
            {clockTime(at)}
          </time>
        </p>
        <p>{words}</p>
        {(took > 0 || endAt === undefined) && (
          <p class="quiet">{endAt === undefined ? `goes on, for ${duration(took)} now` : `took ${duration(took)}`}</p>
        )}
        {parts.length > 0 && (
          <ul class="plain parts">
            {parts.map((part) => (
              <li key={`${part.at} ${part.text}`} class={part.tone}>
                <span class="quiet">+{duration(Math.max(0, part.at - at))}</span> {part.text}
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  )
}
