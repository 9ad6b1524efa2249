/** Dead letters are sent again: those chosen, or the oldest that match. What will be sent is said before, what came of it after. */
import { type Signal, useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { limits } from '../../../base/limits.ts'
import type { DeadLettersReplayed } from '../../../supervisor/replay.ts'
import { ask } from '../api.ts'
import { Dialog } from '../dialog.tsx'
import { addressees, filterText, type LetterFilter, paramsOf } from '../letter-filter.ts'
import type { Letters } from '../letters.ts'
import { attempt } from '../notice.tsx'
import { about, kernels, skewMs } from '../store.ts'
import { count } from '../words.ts'

interface Props {
  readonly found: Letters
  readonly filter: LetterFilter
  readonly selected: Signal<ReadonlySet<number>>
  /** Undefined: it was refused, and the notice says why. */
  readonly onReplayed: (done: DeadLettersReplayed | undefined) => void
}

export function ReplayBar({ found, filter, selected, onReplayed }: Props): JSX.Element {
  const asking = useSignal<'chosen' | 'matching' | undefined>(undefined)
  const max = useSignal<number>(limits.deadLetterReplay)
  const isReadOnly = about.value?.readOnly === true
  const ids = [...selected.value]
  const matching = found.matching ?? 0
  const isMaxFit = Number.isInteger(max.value) && max.value >= 1 && max.value <= limits.deadLetterReplayMax
  const send = async () => {
    const { replayed: _replayed, ...params } = paramsOf(filter, Date.now() + skewMs.peek())
    // What was sent before was chosen by hand: whoever ticks it means it.
    const given = asking.value === 'chosen' ? { ids, again: true } : { ...params, max: max.value }
    asking.value = undefined
    onReplayed(await attempt('Send dead letters again', () => ask<DeadLettersReplayed>('replayDeadLetters', given)))
  }
  return (
    <div class="replay-bar">
      <button type="button" disabled={isReadOnly || ids.length === 0} onClick={() => (asking.value = 'chosen')}>
        Send {ids.length === 0 ? 'the chosen' : `the ${ids.length} chosen`} again
      </button>
      <span class="first-n">
        <button
          type="button"
          disabled={isReadOnly || matching === 0 || !isMaxFit}
          onClick={() => (asking.value = 'matching')}
        >
          Send the oldest
        </button>{' '}
        <input
          type="number"
          min={1}
          max={limits.deadLetterReplayMax}
          aria-label={`How many, ${limits.deadLetterReplayMax} at most`}
          value={max.value}
          onInput={(event) => (max.value = event.currentTarget.valueAsNumber)}
        />{' '}
        that match
      </span>
      {isReadOnly && <span class="quiet">This dashboard only shows.</span>}
      {asking.value !== undefined && (
        <Dialog
          title={asking.value === 'chosen' ? `Send ${count(ids.length, 'message')} again?` : 'Send what matches again?'}
          action="Send"
          onConfirm={() => void send()}
          onClose={() => (asking.value = undefined)}
        >
          {asking.value === 'chosen' ? (
            <Chosen found={found} ids={selected.value} />
          ) : (
            <Matching filter={filter} matching={matching} max={max.value} />
          )}
          <p class="quiet">
            Each is sent as it was, the oldest first, the next when its kernel has finished the one before. A kernel
            that goes down gets no more of them.
          </p>
        </Dialog>
      )}
    </div>
  )
}

/** Lines of a list in a question. */
const listed = 6

function Chosen({ found, ids }: { found: Letters; ids: ReadonlySet<number> }): JSX.Element {
  const letters = found.letters.filter(({ id }) => ids.has(id))
  const lines = addressees(letters)
  const sentBefore = letters.filter(({ replayedAt }) => replayedAt !== undefined).length
  const away = [...new Set(letters.map(({ kernel }) => kernel))].filter((kernel) => {
    const by = kernels.value.get(kernel)?.status.value.servedBy
    return by === 'buffer' || by === 'reject' || by === 'nobody'
  })
  return (
    <>
      <ul>
        {lines.slice(0, listed).map((line) => (
          <li key={line}>{line}</li>
        ))}
        {lines.length > listed && <li>and {lines.length - listed} more kinds</li>}
      </ul>
      {sentBefore > 0 && (
        <p class="warned">{count(sentBefore, 'of them has', 'of them have')} been sent again before.</p>
      )}
      {away.length > 0 && (
        <p class="warned">Out of service, with nothing that answers in its place, so skipped: {away.join(', ')}.</p>
      )}
    </>
  )
}

function Matching({ filter, matching, max }: { filter: LetterFilter; matching: number; max: number }): JSX.Element {
  const text = filterText(filter)
  return (
    <p>
      {matching <= max
        ? `All ${matching.toLocaleString()}`
        : `The oldest ${max.toLocaleString()} of ${matching.toLocaleString()}`}{' '}
      that match{text === '' ? '' : `: ${text}`}. Those that have been sent again before, were not kept whole, or are to
      a kernel that the fleet does not have are passed over.
    </p>
  )
}

export function ReplayResult({ done, onClose }: { done: DeadLettersReplayed; onClose: () => void }): JSX.Element {
  const { asked, sent, failed, skipped, failures, left, unsendable } = done
  return (
    <section class="panel replay-result" aria-label="What came of it">
      <p>
        <span class={`chip ${sent - failed > 0 ? 'good' : 'plain'}`}>{sent - failed} handled</span>{' '}
        <span class={`chip ${failed > 0 ? 'bad' : 'plain'}`}>{failed} failed</span>{' '}
        <span class={`chip ${asked > sent ? 'watch' : 'plain'}`}>{asked - sent} skipped</span>{' '}
        {left > 0 && <span class="quiet">{left.toLocaleString()} more match.</span>}{' '}
        {unsendable > 0 && <span class="quiet">{unsendable.toLocaleString()} can never be sent.</span>}
        <button type="button" class="closer" onClick={onClose}>
          Close
        </button>
      </p>
      <ul>
        {failures.slice(0, listed).map(({ id, outcome }) => (
          <li key={id}>
            Letter {id} failed: {outcome}
          </li>
        ))}
        {failures.length > listed && <li>and {failures.length - listed} more that failed</li>}
        {skipped.map(({ reason, ids }) => (
          <li key={reason}>
            {count(ids.length, 'letter')} skipped: {reason}
          </li>
        ))}
      </ul>
    </section>
  )
}
