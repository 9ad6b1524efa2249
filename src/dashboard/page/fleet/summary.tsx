/** The fleet in one line: `19 of 20 in service · 1 incident open · 3 tasks wait`. */
import { signal, useComputed } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import type { LazaretEvent } from '../../../base/events.ts'
import { ask } from '../api.ts'
import { to } from '../route.ts'
import { kernels, onEvents } from '../store.ts'
import { count } from '../words.ts'
import { choice } from './choice.ts'
import { standing } from './facts.ts'

interface OpenTask {
  readonly id: string
  readonly incident: string
}

/** Undefined until they have been read. */
const tasks = signal<readonly OpenTask[] | undefined>(undefined)
let isAsking = false
let isOutdated = false

/** One question at a time; what has come meanwhile is one more. */
async function readTasks(): Promise<void> {
  isOutdated = true
  if (isAsking) return
  isAsking = true
  try {
    while (isOutdated) {
      isOutdated = false
      tasks.value = await ask<readonly OpenTask[]>('tasks', { status: 'open' })
    }
  } catch {
    // Better no number than an old one; that the connection is lost is said by the header.
    tasks.value = undefined
  } finally {
    isAsking = false
  }
}

const isOfTask = ({ type }: LazaretEvent): boolean => type.startsWith('task.')

export function Summary(): JSX.Element {
  useEffect(() => {
    void readTasks()
    return onEvents((events) => {
      if (events.some(isOfTask)) void readTasks()
    })
  }, [])
  const text = useComputed(() => JSON.stringify(standing([...kernels.value.values()].map((one) => one.status.value))))
  const { kernels: all, inService, detoured, incidents } = JSON.parse(text.value) as ReturnType<typeof standing>
  const open = tasks.value ?? []
  const missing = all - inService
  return (
    <p class="summary">
      <span class={missing === 0 ? 'good' : 'watch'}>
        <b>{inService}</b> of {all} in service
      </span>
      {missing > 0 && (
        <button type="button" class="plain" onClick={() => (choice.value = 'trouble')}>
          {detoured === 0 ? `${missing} not` : `${missing} not, others serve for ${detoured}`}
        </button>
      )}
      <a class={incidents.length === 0 ? 'quiet' : 'bad'} href={placeOf(incidents)}>
        {incidents.length === 0 ? 'no incident open' : `${count(incidents.length, 'incident')} open`}
      </a>
      {open.length > 0 && (
        <a class="watch" href={placeOf([...new Set(open.map(({ incident }) => incident))])}>
          {open.length === 1 ? '1 task waits' : `${open.length} tasks wait`}
        </a>
      )}
    </p>
  )
}

/** The one, or the list. */
function placeOf(incidents: readonly string[]): string {
  const [only, ...more] = incidents
  return only !== undefined && more.length === 0 ? to('incident', only) : to('incidents')
}
