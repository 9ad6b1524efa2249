/**
 * Logs as they come: of one kernel or of all, from a level on, with a text in them. Only what fits the window is in the
 * document, and it is drawn once a frame however much comes, so a flood of lines costs what a trickle does.
 */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { followLogs } from '../log-feed.ts'
import { asText, keptLines, LogLines, levelWord, type ShownLine } from '../log-lines.ts'
import { attempt } from '../notice.tsx'
import { place, to } from '../route.ts'
import { kernels } from '../store.ts'
import { LogList } from './log-list.tsx'
import './logs.css'

const levels = ['debug', 'info', 'warn', 'error'] as const

/** The buffer, and a signal that counts its changes, at most one a frame. */
function useLogs(kernel: string, level: string) {
  const lines = useRef(new LogLines()).current
  const version = useSignal(0)
  const problem = useSignal<string | undefined>(undefined)
  useEffect(() => {
    const abort = new AbortController()
    let frame = 0
    const changed = () => {
      if (frame !== 0) return
      frame = requestAnimationFrame(() => {
        frame = 0
        version.value += 1
      })
    }
    lines.clear()
    changed()
    void followLogs(
      {
        ...{ kernel, level },
        onBegin: () => lines.clear(),
        onProblem: (text) => {
          problem.value = text
        },
        onFrame: ({ lines: texts, leftOut, missed }) => {
          lines.leftOut += leftOut
          if (missed === true) lines.missed = true
          lines.add(texts)
          changed()
        },
      },
      abort.signal,
    )
    return () => {
      abort.abort()
      cancelAnimationFrame(frame)
    }
  }, [kernel, level])
  return { lines, version, problem }
}

export function LogsView(): JSX.Element {
  const { id: kernel, query } = place.value
  const level = levels.find((name) => name === query.get('level')) ?? 'debug'
  const text = useSignal('')
  const follow = useSignal(true)
  const selected = useSignal<ShownLine | undefined>(undefined)
  const { lines, version, problem } = useLogs(kernel, level)
  // Read, so that this is drawn again when lines have come.
  version.value
  const shown = lines.matching(text.value)
  const copy = () =>
    void attempt(`Copy ${shown.length} lines`, () => navigator.clipboard.writeText(shown.map(asText).join('\n')))
  return (
    <div class="logs">
      <h1>Logs</h1>
      <div class="log-controls">
        <Which kernel={kernel} level={level} />
        <label class="grow">
          Text{' '}
          <input
            type="search"
            value={text.value}
            placeholder="in message, facts or id"
            onInput={(event) => (text.value = event.currentTarget.value)}
          />
        </label>
        <button type="button" aria-pressed={follow.value} onClick={() => (follow.value = !follow.value)}>
          Follow
        </button>
        <button type="button" disabled={shown.length === 0} onClick={copy}>
          Copy
        </button>
      </div>
      <LogList lines={shown} showKernel={kernel === ''} follow={follow} selected={selected} />
      <p class="quiet log-count">
        {countText(shown.length, lines)} <span role="status">{problem.value}</span>
      </p>
      {selected.value !== undefined && <Detail line={selected.value} onClose={() => (selected.value = undefined)} />}
    </div>
  )
}

/** A choice is a place of its own, so it can be linked to and gone back from. */
function Which({ kernel, level }: { kernel: string; level: string }): JSX.Element {
  const go = (nextKernel: string, nextLevel: string) => {
    location.hash = to('logs', nextKernel, nextLevel === 'debug' ? {} : { level: nextLevel })
  }
  return (
    <>
      <label>
        Kernel{' '}
        <select value={kernel} onChange={(event) => go(event.currentTarget.value, level)}>
          <option value="">all kernels</option>
          {[...kernels.value.keys()].map((id) => (
            <option key={id} value={id}>
              {id}
            </option>
          ))}
        </select>
      </label>
      <label>
        Level{' '}
        <select value={level} onChange={(event) => go(kernel, event.currentTarget.value)}>
          {levels.map((name) => (
            <option key={name} value={name}>
              {name === 'debug' ? 'all' : name === 'error' ? 'error' : `${name} and above`}
            </option>
          ))}
        </select>
      </label>
    </>
  )
}

function countText(shown: number, { all, leftOut, missed }: LogLines): string {
  const of =
    all.length === keptLines ? `the last ${keptLines.toLocaleString()} lines` : `${all.length.toLocaleString()} lines`
  const kept = shown === all.length ? of : `${shown.toLocaleString()} of ${of}`
  if (missed) return `${kept}; some were left out, because this page was too slow`
  return leftOut === 0 ? kept : `${kept}; ${leftOut.toLocaleString()} came too fast and were left out`
}

function Detail({ line, onClose }: { line: ShownLine; onClose: () => void }): JSX.Element {
  const { at, level, kernel, msg, facts } = line
  const copy = () => void attempt('Copy the line', () => navigator.clipboard.writeText(asText(line)))
  return (
    <section class="panel log-detail" aria-label="The chosen line">
      <div class="log-detail-head">
        <span class={`level l${level}`}>{levelWord(level)}</span> <a href={to('kernel', kernel)}>{kernel}</a>{' '}
        <time class="quiet" dateTime={new Date(at).toISOString()}>
          {new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' })}, {at % 1000} ms
        </time>
        <span class="right">
          <button type="button" onClick={copy}>
            Copy
          </button>{' '}
          <button type="button" onClick={onClose}>
            Close
          </button>
        </span>
      </div>
      <p class="mono">{msg}</p>
      {facts !== '' && <pre>{JSON.stringify(JSON.parse(facts), null, 2)}</pre>}
    </section>
  )
}
