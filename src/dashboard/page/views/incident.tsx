/** One incident: its story, told anew when something happens to its kernel, and what a person may do about it. */
import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import type { LazaretEvent } from '../../../base/events.ts'
import type { Story } from '../../story-shape.ts'
import { ask } from '../api.ts'
import { nowMs } from '../clock.ts'
import { place, to } from '../route.ts'
import { onEvents, onRegained } from '../store.ts'
import { StoryArticle } from '../story/story.tsx'
import { IncidentButtons } from './incident-buttons.tsx'

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
  return <StoryArticle {...{ story, ...now, linkTo: to, buttons: <IncidentButtons story={story} /> }} />
}
