/** One incident: its story, told anew when something happens to its kernel, and what a person may do about it. */
import { signal, useSignal, useSignalEffect } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import type { LazaretEvent } from '../../../base/events.ts'
import type { Story } from '../../story-shape.ts'
import { ask } from '../api.ts'
import { nowMs } from '../clock.ts'
import { Dialog } from '../dialog.tsx'
import { attempt } from '../notice.tsx'
import { place, to } from '../route.ts'
import { about, kernels, onEvents, onRegained } from '../store.ts'
import { StoryArticle } from '../story/story.tsx'

/** Events come in bursts; a story is asked for once for each burst. Milliseconds. */
const settleMs = 300

/** What happens to a kernel that is in order, or by the thousand, tells nothing new of an incident. */
const isNews = ({ type }: LazaretEvent) => !type.startsWith('snapshot.') && !type.startsWith('message.')

interface Told {
  readonly id: string
  readonly story?: Story
  readonly problem?: string
}

const told = signal<Told>({ id: '' })

async function tell(id: string): Promise<void> {
  if (id === '') {
    told.value = { id, problem: 'The address names none.' }
    return
  }
  try {
    const story = await ask<Story>('story', { incident: id })
    if (place.peek().id === id) told.value = { id, story }
  } catch (thrown) {
    if (place.peek().id === id) told.value = { id, problem: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}

export function IncidentView(): JSX.Element {
  const { id } = place.value
  useEffect(() => {
    void tell(id)
    let timer: ReturnType<typeof setTimeout> | undefined
    const off = onEvents((events) => {
      const { incident } = told.peek().story ?? {}
      if (timer !== undefined || incident === undefined) return
      if (!events.some((event) => event.kernel === incident.kernel && isNews(event))) return
      timer = setTimeout(() => {
        timer = undefined
        void tell(id)
      }, settleMs)
    })
    const offRegained = onRegained(() => void tell(id))
    return () => {
      off()
      offRegained()
      clearTimeout(timer)
    }
  }, [id])
  const { story, problem } = told.value.id === id ? told.value : {}
  if (story === undefined)
    return (
      <>
        <h1>Incident</h1>
        <p class={problem === undefined ? 'quiet' : ''}>
          {problem ?? 'Its story is asked for.'} <a href={to('incidents')}>To all incidents</a>
        </p>
      </>
    )
  // What goes on is counted on; what is over needs no clock.
  const now = story.incident.status === 'open' ? { now: nowMs.value } : {}
  return <StoryArticle {...{ story, ...now, linkTo: to, buttons: <Buttons story={story} /> }} />
}

/** Out of service, and not parked yet. */
const canBeParked = /^(?:failed|repairing|quarantined\.waiting)/

type Question = 'approve' | 'reject' | 'park'

function Buttons({ story }: { story: Story }): JSX.Element {
  const { incident, task, kernel } = story
  const asked = useSignal<Question | undefined>(undefined)
  const isFixed = about.value?.readOnly === true || kernel?.live !== true
  const isOpen = incident.status === 'open'
  const waits = task?.waits === true && isOpen
  useSignalEffect(() => {
    // Another incident: what was asked about this one is no question any more.
    if (place.value.id !== incident.id) asked.value = undefined
  })
  const question = (text: string, what: Question, look?: string) => (
    <button type="button" class={look} disabled={isFixed} onClick={() => (asked.value = what)}>
      {text}
    </button>
  )
  const command = (text: string, op: 'repair' | 'rejoin') => (
    <button type="button" disabled={isFixed} onClick={() => void give(op, incident.kernel)}>
      {text}
    </button>
  )
  const canMend = isOpen && !waits && kernel?.state.startsWith('quarantined') === true
  return (
    <div class="story-buttons">
      {waits && question('Approve the repair', 'approve', 'primary')}
      {waits && question('Reject it', 'reject')}
      {canMend && command('Try a repair', 'repair')}
      {canMend && command('It is mended: rejoin', 'rejoin')}
      {isOpen && canBeParked.test(kernel?.state ?? '') && question('Park', 'park', 'danger')}
      {kernels.value.has(incident.kernel) && <a href={to('logs', incident.kernel)}>Its log</a>}
      <a href={`api/incidents/${encodeURIComponent(incident.id)}.html`} download={`${incident.id}.html`}>
        As a file
      </a>
      {asked.value !== undefined && (
        <Asked what={asked.value} story={story} onClose={() => (asked.value = undefined)} />
      )}
    </div>
  )
}

function give(op: 'repair' | 'rejoin' | 'park', kernel: string): Promise<unknown> {
  return attempt(`${op} ${kernel}`, () => ask(op, { kernel }))
}

interface AskedProps {
  readonly what: Question
  readonly story: Story
  readonly onClose: () => void
}

function Asked({ what, story, onClose }: AskedProps): JSX.Element {
  const apply = useSignal<'hotfix' | 'source'>('hotfix')
  const { kernel } = story.incident
  const task = story.task?.id
  if (what === 'park')
    return (
      <Dialog
        {...{ title: `Park ${kernel}?`, action: 'Park', isDangerous: true, onClose }}
        onConfirm={() => void give('park', kernel)}
      >
        <p>Whatever repairs it now ends; it waits for a person.</p>
      </Dialog>
    )
  if (what === 'reject')
    return (
      <Dialog
        {...{ title: 'Reject the repair?', action: 'Reject', isDangerous: true, onClose }}
        onConfirm={() => void attempt('Reject the repair', () => ask('reject', { task }))}
      >
        <p>{kernel} stays out of service until somebody mends it.</p>
      </Dialog>
    )
  const approve = () => attempt(`Approve the repair of ${kernel}`, () => ask('approve', { task, apply: apply.value }))
  return (
    <Dialog
      {...{ title: `Approve the repair of ${kernel}?`, action: 'Approve', onClose }}
      onConfirm={() => void approve()}
    >
      <p>It is proved once more, applied, and the kernel comes back on probation.</p>
      <label>
        When it has held, keep it{' '}
        <select value={apply.value} onChange={(event) => (apply.value = event.currentTarget.value as 'hotfix')}>
          <option value="hotfix">as a hotfix; your files stay as they are</option>
          <option value="source">in the source files as well</option>
        </select>
      </label>
    </Dialog>
  )
}
