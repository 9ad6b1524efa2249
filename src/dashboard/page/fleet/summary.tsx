/** The fleet in one line: `19 of 20 in service · 1 incident open · 3 tasks wait`. */
import { useComputed } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { followOpenTasks, openTasks } from '../open-tasks.ts'
import { to } from '../route.ts'
import { kernels } from '../store.ts'
import { count } from '../words.ts'
import { choice } from './choice.ts'
import { standing } from './facts.ts'

export function Summary(): JSX.Element {
  useEffect(followOpenTasks, [])
  const text = useComputed(() => JSON.stringify(standing([...kernels.value.values()].map((one) => one.status.value))))
  const { kernels: all, inService, detoured, incidents } = JSON.parse(text.value) as ReturnType<typeof standing>
  const open = openTasks.value
  const missing = all - inService
  return (
    <p class="summary">
      <span class={missing === 0 ? 'good' : 'watch'}>
        <b>{inService}</b> of {all} in service
      </span>
      {missing > 0 && (
        <button type="button" class="plain" onClick={() => (choice.value = 'trouble')}>
          {missing} out of service{detoured > 0 && ` (others serve for ${detoured})`}
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
