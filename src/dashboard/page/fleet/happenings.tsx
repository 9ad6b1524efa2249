/** What has happened of late, in plain words, newest first. Hundreds of events a second cost a drawing now and then. */
import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import type { LazaretEvent } from '../../../base/events.ts'
import { narrate, type Sentence } from '../../narrate.ts'
import { frames } from '../api.ts'
import { to } from '../route.ts'
import { about, onEvents } from '../store.ts'
import { clockTime, count } from '../words.ts'
import { folded } from './repeated.ts'

const kept = 60
/** Between two drawings. Milliseconds. */
const drawEveryMs = 400
/** Looked through for what has happened before the page was opened; and how long its telling may take. */
const earlierEvents = 800
const earlierMs = 4000

interface Told extends Sentence {
  readonly seq: number
  readonly at: number
  readonly kernel: string
  readonly incident: string
  /** The same, so many times in a row. */
  readonly times: number
}

/** Newest first. */
const told = signal<readonly Told[]>([])
let waiting: Told[] = []
let timer: ReturnType<typeof setTimeout> | undefined
let hasAsked = false

function hear(events: readonly LazaretEvent[]): void {
  for (const event of events) {
    const sentence = narrate(event, shortPath)
    if (sentence === undefined) continue
    const { seq, at, kernel = '', incident } = event
    waiting.push({ ...sentence, seq, at, kernel, incident: typeof incident === 'string' ? incident : '', times: 1 })
  }
  waiting = waiting.slice(-kept)
  if (waiting.length > 0 && timer === undefined) timer = setTimeout(draw, drawEveryMs)
}

function draw(): void {
  timer = undefined
  const known = new Set(told.value.map(({ seq }) => seq))
  const fresh = waiting.filter(({ seq }) => !known.has(seq))
  waiting = []
  const all = [...fresh, ...told.value].sort((a, b) => b.seq - a.seq)
  told.value = folded(all).slice(0, kept)
}

/** Within the data directory's surroundings: without what all paths there begin with. */
function shortPath(path: string): string {
  const parent = about.peek()?.dataDir.replace(/[^/\\]+$/, '') ?? ''
  return parent.length > 1 && path.startsWith(parent) ? path.slice(parent.length) : path
}

/** From the journal, once: the stream begins with what was missed since the event that it is asked from. */
async function hearEarlier(): Promise<void> {
  const seq = about.peek()?.seq ?? 0
  if (hasAsked || seq === 0) return
  hasAsked = true
  const ending = new AbortController()
  const limit = setTimeout(() => ending.abort(), earlierMs)
  try {
    for await (const frame of frames(Math.max(0, seq - earlierEvents), ending.signal)) {
      if (frame.type === 'reset') return
      if (frame.type !== 'events') continue
      hear(frame.events.filter((event) => event.seq <= seq))
      if ((frame.events.at(-1)?.seq ?? 0) >= seq) return
    }
  } catch {
    // Only the past is missing then; that the connection is lost is said by the header.
  } finally {
    clearTimeout(limit)
    ending.abort()
  }
}

export function Happenings(): JSX.Element {
  useEffect(() => {
    void hearEarlier()
    const off = onEvents(hear)
    return () => {
      off()
      hasAsked = false
    }
  }, [])
  const lines = told.value
  return (
    <section class="happenings panel" aria-label="What has happened">
      <h2>What has happened</h2>
      {lines.length === 0 && <p class="quiet">Nothing that matters, as far back as the journal was read.</p>}
      <ol>
        {lines.map((line) => (
          <li key={line.seq}>
            <time class="quiet" dateTime={new Date(line.at).toISOString()}>
              {clockTime(line.at)}
            </time>
            <span class={`word ${line.tone}`}>{line.word}</span>
            {line.kernel === '' ? <span /> : <a href={to('kernel', line.kernel)}>{line.kernel}</a>}
            <span class="text" title={line.text}>
              <span class="said">{line.text}</span>
              {line.times > 1 && <span class="quiet"> ({count(line.times, 'time')})</span>}{' '}
              {line.incident !== '' && <a href={to('incident', line.incident)}>incident</a>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}
