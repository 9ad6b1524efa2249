/** Messages that were not handled: found by what they say, read with their arguments, and sent again, with a cap. */
import { type Signal, useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import type { DeadLettersReplayed } from '../../../supervisor/replay.ts'
import { everything, type LetterFilter, spans } from '../letter-filter.ts'
import { type Letters, useLetters } from '../letters.ts'
import { kernels, onEvents } from '../store.ts'
import { count } from '../words.ts'
import { LetterTable } from './letter-table.tsx'
import { ReplayBar, ReplayResult } from './replay.tsx'
import './dead-letters.css'

/** Letters that have come since the list was asked for. */
function useNews(): Signal<number> {
  const news = useSignal(0)
  useEffect(
    () =>
      onEvents((events) => {
        const came = events.filter(({ type }) => type === 'message.deadLettered').length
        if (came > 0) news.value += came
      }),
    [],
  )
  return news
}

export function DeadLettersView(): JSX.Element {
  const filter = useSignal<LetterFilter>(everything)
  const selected = useSignal<ReadonlySet<number>>(new Set())
  const result = useSignal<DeadLettersReplayed | undefined>(undefined)
  const news = useNews()
  const found = useLetters(filter.value)
  const again = () => {
    news.value = 0
    selected.value = new Set()
    found.again()
  }
  const onReplayed = (done: DeadLettersReplayed | undefined) => {
    result.value = done
    again()
  }
  return (
    <div class="letters">
      <h1>Dead letters</h1>
      <FilterForm filter={filter} />
      <ReplayBar {...{ found, selected, onReplayed }} filter={filter.value} />
      {result.value !== undefined && <ReplayResult done={result.value} onClose={() => (result.value = undefined)} />}
      <p class="quiet letter-count" role="status">
        {found.problem ?? countText(found)}{' '}
        {news.value > 0 && (
          <button type="button" onClick={again}>
            {count(news.value, 'more has', 'more have')} come: show
          </button>
        )}
      </p>
      {found.letters.length > 0 && <LetterTable letters={found.letters} selected={selected} />}
      {found.matching !== undefined && found.letters.length < found.matching && (
        <p>
          <button type="button" onClick={found.older}>
            Show older ones
          </button>
        </p>
      )}
    </div>
  )
}

function countText({ letters, matching }: Letters): string {
  if (matching === undefined) return 'They are asked for.'
  if (matching === 0) return 'None that matches: every such message was handled, or is forgotten.'
  return `${letters.length.toLocaleString()} of ${matching.toLocaleString()} that match, the newest first`
}

/** Codes that a message ends with; any other may be typed as well. */
const codes = [
  ...['KERNEL_UNAVAILABLE', 'KERNEL_DOWN', 'MAILBOX_FULL', 'MESSAGE_POISONED', 'MESSAGE_UNCLONABLE'],
  ...['UNKNOWN_KERNEL', 'RUNTIME_STOPPED'],
]

function FilterForm({ filter }: { filter: Signal<LetterFilter> }): JSX.Element {
  const change = (part: Partial<LetterFilter>) => {
    filter.value = { ...filter.value, ...part }
  }
  const { kernel, code, method, from, text, withinMs, unsent } = filter.value
  const word = (name: 'method' | 'from' | 'text', title: string, value: string) => (
    <label>
      {title} <input type="search" value={value} onInput={(event) => change({ [name]: event.currentTarget.value })} />
    </label>
  )
  return (
    <search class="letter-filter">
      <label>
        To{' '}
        <input
          type="search"
          list="letter-kernels"
          placeholder="any kernel"
          value={kernel}
          onInput={(event) => change({ kernel: event.currentTarget.value })}
        />
        <datalist id="letter-kernels">
          {[...kernels.value.keys()].map((id) => (
            <option key={id} value={id} />
          ))}
        </datalist>
      </label>
      {word('method', 'Method', method)}
      {word('from', 'From', from)}
      <label>
        Code{' '}
        <select value={code} onChange={(event) => change({ code: event.currentTarget.value })}>
          <option value="">any</option>
          {codes.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
      {word('text', 'Reason', text)}
      <label>
        When{' '}
        <select value={withinMs} onChange={(event) => change({ withinMs: Number(event.currentTarget.value) })}>
          {spans.map((span) => (
            <option key={span.ms} value={span.ms}>
              {span.text}
            </option>
          ))}
        </select>
      </label>
      <label class="check">
        <input type="checkbox" checked={unsent} onChange={(event) => change({ unsent: event.currentTarget.checked })} />{' '}
        Not sent again yet
      </label>
    </search>
  )
}
