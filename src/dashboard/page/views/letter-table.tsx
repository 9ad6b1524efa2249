/** Dead letters as rows, each with a box to choose it and its arguments where it is opened. */
import { type Signal, useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import type { ShownDeadLetter } from '../../../supervisor/dead-letters.ts'
import { nowMs } from '../clock.ts'
import { to } from '../route.ts'
import { kernels } from '../store.ts'
import { duration } from '../words.ts'

interface Props {
  readonly letters: readonly ShownDeadLetter[]
  readonly selected: Signal<ReadonlySet<number>>
}

export const isSendable = ({ notReplayable, kernel }: ShownDeadLetter): boolean =>
  notReplayable === undefined && kernels.value.has(kernel)

export function LetterTable({ letters, selected }: Props): JSX.Element {
  const sendable = letters.filter(isSendable)
  const areAll = sendable.length > 0 && sendable.every(({ id }) => selected.value.has(id))
  const toggleAll = () => {
    selected.value = areAll ? new Set() : new Set(sendable.map(({ id }) => id))
  }
  return (
    <div class="panel scroll">
      <table class="letter-table">
        <thead>
          <tr>
            <th>
              <input
                type="checkbox"
                aria-label="Choose all that are shown and can be sent"
                checked={areAll}
                disabled={sendable.length === 0}
                onChange={toggleAll}
              />
            </th>
            <th>Message</th>
            <th>From</th>
            <th>When</th>
            <th>Why it was not handled</th>
            <th>Sent again</th>
          </tr>
        </thead>
        <tbody>
          {letters.map((letter) => (
            <Row key={letter.id} letter={letter} selected={selected} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ letter, selected }: { letter: ShownDeadLetter; selected: Props['selected'] }): JSX.Element {
  const isOpen = useSignal(false)
  const { id, kernel, method, kind, from, at, code, reason } = letter
  const toggle = () => {
    const next = new Set(selected.value)
    if (!next.delete(id)) next.add(id)
    selected.value = next
  }
  return (
    <>
      <tr class={selected.value.has(id) ? 'chosen' : undefined}>
        <td>
          <input
            type="checkbox"
            aria-label={`Choose letter ${id}`}
            checked={selected.value.has(id)}
            disabled={!isSendable(letter)}
            onChange={toggle}
          />
        </td>
        <td>
          <button
            type="button"
            class="opener mono"
            aria-expanded={isOpen.value}
            onClick={() => (isOpen.value = !isOpen.value)}
          >
            <span class="arrow" aria-hidden="true">
              {isOpen.value ? '▾' : '▸'}
            </span>{' '}
            {kernel}.{method}()
          </button>
        </td>
        <td>{from === 'host' || !kernels.value.has(from) ? from : <a href={to('kernel', from)}>{from}</a>}</td>
        <td class="when">
          <time dateTime={new Date(at).toISOString()} title={new Date(at).toLocaleString()}>
            {duration(Math.max(0, nowMs.value - at))} ago
          </time>
        </td>
        <td class="why">
          <span class="chip watch">{code}</span> {reason}
        </td>
        <td>
          <Sent letter={letter} />
        </td>
      </tr>
      {isOpen.value && (
        <tr class="opened">
          <td />
          <td colSpan={5}>
            <p class="quiet">
              Letter {id}, a {kind}, of {new Date(at).toLocaleString()}
              {letter.argsBytes !== undefined && `, ${letter.argsBytes.toLocaleString()} bytes of arguments`}
            </p>
            {letter.shownArgs === undefined ? (
              <p>It cannot be read or sent again: {letter.notReplayable}.</p>
            ) : (
              <pre>{prettyArgs(letter.shownArgs)}</pre>
            )}
            {letter.outcome !== undefined && <p class="outcome">{letter.outcome}</p>}
          </td>
        </tr>
      )}
    </>
  )
}

/** Indented where it is whole; what was cut is no JSON any more, and is shown as it is. */
function prettyArgs(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    // Cut, or with an `undefined` in it.
    return text
  }
}

function Sent({ letter }: { letter: ShownDeadLetter }): JSX.Element {
  const { replayedAt, outcome = '', notReplayable } = letter
  if (replayedAt === undefined) {
    const why = notReplayable ?? (kernels.value.has(letter.kernel) ? undefined : 'the fleet has no such kernel')
    return (
      <span class="quiet" title={why}>
        {why === undefined ? '-' : 'cannot be'}
      </span>
    )
  }
  const isGood = outcome === 'handled' || outcome.startsWith('replied')
  const word = outcome.split(':', 1)[0] ?? ''
  return (
    <span class={`chip ${isGood ? 'good' : 'watch'}`} title={new Date(replayedAt).toLocaleString()}>
      {word}
    </span>
  )
}
