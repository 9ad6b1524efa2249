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
import { about, kernels, onEvents } from '../store.ts'
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
    return () => {
      off()
      clearTimeout(timer)
    }
  }, [id])
  const { story, problem } = told.value.id === id ? told.value : {}
  if (story === undefined) return <p class="quiet">{problem ?? 'loading the story ...'}</p>
  // What goes on is counted on; what is over needs no clock.
  const now = story.incident.status === 'open' ? { now: nowMs.value } : {}
  return <StoryArticle {...{ story, ...now, linkTo: to, buttons: <Buttons story={story} /> }} />
}

function Buttons({ story }: { story: Story }): JSX.Element {
  const { incident, task, kernel } = story
  const apply = useSignal<'hotfix' | 'source'>('hotfix')
  const asked = useSignal<'approve' | 'reject' | 'park' | undefined>(undefined)
  const isFixed = about.value?.readOnly === true || kernel?.live !== true
  const waits = task?.waits === true && incident.status === 'open'
  const command = (op: 'repair' | 'rejoin' | 'park') =>
    attempt(`${op} ${incident.kernel}`, () => ask(op, { kernel: incident.kernel }))
  useSignalEffect(() => {
    // Another incident: what was asked about this one is no question any more.
    if (place.value.id !== incident.id) asked.value = undefined
  })
  return (
    <div class="story-buttons">
      {waits && (
        <>
          <button class="primary" type="button" disabled={isFixed} onClick={() => (asked.value = 'approve')}>
            Approve the repair
          </button>
          <button type="button" disabled={isFixed} onClick={() => (asked.value = 'reject')}>
            Reject it
          </button>
        </>
      )}
      {incident.status === 'open' && !waits && kernel?.state.startsWith('quarantined') === true && (
        <>
          <button type="button" disabled={isFixed} onClick={() => void command('repair')}>
            Try a repair
          </button>
          <button type="button" disabled={isFixed} onClick={() => void command('rejoin')}>
            It is mended: rejoin
          </button>
        </>
      )}
      {incident.status === 'open' && /^(?:failed|repairing|quarantined\.waiting)/.test(kernel?.state ?? '') && (
        <button type="button" class="danger" disabled={isFixed} onClick={() => (asked.value = 'park')}>
          Park
        </button>
      )}
      {kernels.value.has(incident.kernel) && <a href={to('logs', incident.kernel)}>Its log</a>}
      <a href={`api/incidents/${encodeURIComponent(incident.id)}.html`} download={`${incident.id}.html`}>
        As a file
      </a>
      {asked.value === 'approve' && (
        <Dialog
          title={`Approve the repair of ${incident.kernel}?`}
          action="Approve"
          onClose={() => (asked.value = undefined)}
          onConfirm={() =>
            void attempt(`Approve the repair of ${incident.kernel}`, () =>
              ask('approve', { task: task?.id, apply: apply.value }),
            )
          }
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
      )}
      {asked.value === 'reject' && (
        <Dialog
          title="Reject the repair?"
          action="Reject"
          isDangerous={true}
          onClose={() => (asked.value = undefined)}
          onConfirm={() => void attempt('Reject the repair', () => ask('reject', { task: task?.id }))}
        >
          <p>{incident.kernel} stays out of service until somebody mends it.</p>
        </Dialog>
      )}
      {asked.value === 'park' && (
        <Dialog
          title={`Park ${incident.kernel}?`}
          action="Park"
          isDangerous={true}
          onClose={() => (asked.value = undefined)}
          onConfirm={() => void command('park')}
        >
          <p>Whatever repairs it now ends; it waits for a person.</p>
        </Dialog>
      )}
    </div>
  )
}
