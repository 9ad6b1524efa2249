/** What an actor has got and done last, newest first; each event unfolds to its payload. */
import type { JSX } from 'preact'
import { clockTime, count } from '../words.ts'
import { type Numbered, placesOf } from './actor-tree.ts'
import { JsonTree } from './json-tree.tsx'
import type { ActorHistory } from './kernel-machines.ts'

const rowsShown = 80

export function Records({
  history,
  leftOut,
  nameOf,
}: {
  readonly history: ActorHistory
  readonly leftOut: number
  readonly nameOf: (session: string) => string
}): JSX.Element {
  const { player } = history
  const here = player.shown.value?.key
  const rows = history.records.value.slice(-rowsShown).reverse()
  return (
    <section class="panel chart-steps" aria-labelledby="records-title">
      <h2 id="records-title">Events and moves</h2>
      {leftOut > 0 && (
        <p class="quiet">{count(leftOut, 'record was', 'records were')} left out: there were too many.</p>
      )}
      {rows.length === 0 && <p class="quiet">It has said nothing yet.</p>}
      <ol
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
        tabIndex={0}
        class="records"
      >
        {rows.map((one) => (
          <li key={one.key} aria-current={one.key === here ? 'step' : undefined}>
            <Row
              one={one}
              nameOf={nameOf}
              go={() => player.goTo(player.moves.value.findIndex(({ key }) => key === one.key))}
            />
          </li>
        ))}
      </ol>
    </section>
  )
}

function Row({
  one: { record },
  nameOf,
  go,
}: {
  readonly one: Numbered
  readonly nameOf: (session: string) => string
  readonly go: () => void
}): JSX.Element {
  const time = (
    <time dateTime={new Date(record.at).toISOString()} title={new Date(record.at).toLocaleString()}>
      {clockTime(record.at)}
    </time>
  )
  if (record.kind === 'event')
    return (
      <details>
        <summary class="step-row">
          {time} <strong>{record.type}</strong>
          {record.from !== undefined && <span class="quiet"> from {nameOf(record.from)}</span>}
        </summary>
        <JsonTree text={record.text} name="event" />
      </details>
    )
  return (
    <button type="button" class="step-row" onClick={go}>
      {time} <span class="quiet">→</span> {placesOf(record.active) || record.status}
    </button>
  )
}
