/** What has happened of late, in plain words, newest first. Hundreds of events a second cost a drawing now and then. */
import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import type { LazaretEvent } from '../../../base/events.ts'
import { narrate, type Sentence } from '../../narrate.ts'
import { read } from '../api.ts'
import { to } from '../route.ts'
import { about, events, onEvents } from '../store.ts'
import { clockTime, count } from '../words.ts'
import { folded } from './repeated.ts'

const kept = 60
/** Between two drawings. Milliseconds. */
const drawEveryMs = 400
const waitingMost = 1000

interface Told extends Sentence {
  readonly seq: number
  readonly at: number
  readonly kernel: string
  readonly incident: string
  /** The same, so many times in a row. */
  readonly times: number
  readonly gathers?: boolean
}

/** Newest first. */
const told = signal<readonly Told[]>([])
let waiting: Told[] = []
let timer: ReturnType<typeof setTimeout> | undefined
/** Runtimes whose past has been read, by when they were started. */
const heardFrom = new Set<number>()
/** Number of the last event that was heard, or is just being read. */
let heardTo = 0

/** What has been heard already is left out: while another view was open, the store has gone on to listen. */
function hearLive(batch: readonly LazaretEvent[]): void {
  const before = heardTo
  heardTo = Math.max(heardTo, batch.at(-1)?.seq ?? 0)
  hear(batch.filter(({ seq }) => seq > before))
}

function hear(batch: readonly LazaretEvent[]): void {
  for (const event of batch) {
    const isLetter = event.type === 'message.deadLettered'
    const sentence = narrate(event, shortPath)
    if (sentence === undefined) continue
    const { seq, at, kernel = '', incident } = event
    const of = typeof incident === 'string' ? incident : ''
    waiting.push({ ...sentence, seq, at, kernel, incident: of, times: 1, ...(isLetter && { gathers: true }) })
  }
  // A page in the background draws seldom.
  if (waiting.length > waitingMost) waiting = folded(waiting.toReversed()).slice(0, kept).reverse()
  if (waiting.length > 0 && timer === undefined) timer = setTimeout(draw, drawEveryMs)
}

function draw(): void {
  timer = undefined
  const all = [...waiting, ...told.value].sort((a, b) => b.seq - a.seq)
  waiting = []
  told.value = folded(all).slice(0, kept)
}

/** Within the data directory's surroundings: without what all paths there begin with. */
function shortPath(path: string): string {
  const parent = about.peek()?.dataDir.replace(/[^/\\]+$/, '') ?? ''
  return parent.length > 1 && path.startsWith(parent) ? path.slice(parent.length) : path
}

/** From the journal, once. */
async function hearEarlier(): Promise<void> {
  const { seq = 0, startedAt = 0 } = about.peek() ?? {}
  if (heardFrom.has(startedAt) || seq === 0) return
  heardFrom.add(startedAt)
  const before = told.peek().length + waiting.length === 0 ? 0 : heardTo
  heardTo = Math.max(heardTo, seq)
  try {
    const earlier = await read<LazaretEvent[]>('api/happenings')
    hear(earlier.filter((event) => event.seq <= seq && event.seq > before))
  } catch {
    // Only the past is missing, until it is asked for again; that the connection is lost is said by the header.
    heardFrom.delete(startedAt)
  }
}

export function Happenings(): JSX.Element {
  useEffect(() => {
    void hearEarlier()
    hearLive(events.peek())
    return onEvents(hearLive)
  }, [])
  const lines = told.value
  return (
    <section class="happenings panel" aria-label="What has happened">
      <h2>What has happened</h2>
      {lines.length === 0 && <p class="quiet">Nothing yet.</p>}
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
