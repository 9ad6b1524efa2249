/** The steps as a list, newest first, in step with the slider. A click on one goes there. */
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { HistoryStep } from '../../wire.ts'
import { clockTime, count } from '../words.ts'
import { beginsProcess, dayOf, toneOfStep } from './history.ts'
import type { KernelHistory } from './kernel-history.ts'

/** Rows around the one that is looked at. A list of thousands helps nobody, and takes its time with each step. */
const rowsShown = 120

export function StepList({ history }: { readonly history: KernelHistory }): JSX.Element {
  const { player } = history
  const steps = history.steps.value
  const index = player.index.value
  const end = Math.min(steps.length, Math.max(index + rowsShown / 2, rowsShown))
  const rows = steps.slice(Math.max(0, end - rowsShown), end)
  const first = end - rows.length
  const list = useRef<HTMLOListElement>(null)
  useEffect(() => {
    const row = list.current?.querySelector<HTMLElement>('[aria-current]')
    const box = list.current
    if (row === null || row === undefined || box === null) return
    // By hand: scrollIntoView would move the page too.
    const [top, height] = [row.offsetTop - box.offsetTop, row.offsetHeight]
    if (top < box.scrollTop) box.scrollTop = top
    else if (top + height > box.scrollTop + box.clientHeight) box.scrollTop = top + height - box.clientHeight
  }, [index])
  return (
    <section class="panel chart-steps" aria-labelledby="steps-title">
      <h2 id="steps-title">
        Steps <span class="quiet">{count(steps.length, 'step')} read</span>
        <span class="quiet counters-name">crashes · starts · repairs</span>
      </h2>
      {history.problem.value !== undefined && <p class="bad-text">{history.problem.value}</p>}
      <ol
        class="kernel-steps"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
        tabIndex={0}
        reversed
        start={end}
        ref={list}
      >
        {rows
          .map((step, offset) => (
            <Row
              key={step.seq}
              step={step}
              before={steps[first + offset - 1]}
              isHere={first + offset === index}
              go={() => player.goTo(first + offset)}
            />
          ))
          .reverse()}
      </ol>
      {history.hasOlder.value && first === 0 && (
        <button type="button" class="older" disabled={history.isReading.value} onClick={() => void history.readOlder()}>
          {history.isReading.value ? 'reading ...' : 'older steps'}
        </button>
      )}
    </section>
  )
}

function Row({
  step,
  before,
  isHere,
  go,
}: {
  readonly step: HistoryStep
  readonly before: HistoryStep | undefined
  readonly isHere: boolean
  readonly go: () => void
}): JSX.Element {
  const { at, from, to, on, failures, starts, attempts } = step
  const isNewDay = before === undefined || dayOf(before.at) !== dayOf(at)
  return (
    <li aria-current={isHere ? 'step' : undefined} class={beginsProcess(step, before) ? 'process' : ''}>
      <button type="button" class="step-row" onClick={go}>
        <time dateTime={new Date(at).toISOString()} title={new Date(at).toLocaleString()}>
          {isNewDay && <span class="day">{dayOf(at)} </span>}
          {clockTime(at)}
        </time>
        <span class={`cause ${toneOfStep(step)}`}>{on === '' ? 'always' : on}</span>
        <span class="way">
          {from === to ? <span class="quiet">stays in</span> : <span class="quiet">{from} →</span>} {to}
        </span>
        <span class="quiet counters" title="crashes · starts · repairs, since it was last steady">
          {failures} · {starts} · {attempts}
        </span>
      </button>
    </li>
  )
}
