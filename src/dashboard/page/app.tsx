/** The frame: where one can go, whether the line to the runtime holds, light or dark, and what was just said. */
import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useErrorBoundary } from 'preact/hooks'
import { Notice } from './notice.tsx'
import './parts.css'
import { place, to } from './route.ts'
import { about, kernels, link } from './store.ts'
import { DeadLettersView } from './views/dead-letters.tsx'
import { FleetView } from './views/fleet.tsx'
import { IncidentView } from './views/incident.tsx'
import { IncidentsView } from './views/incidents.tsx'
import { KernelView } from './views/kernel.tsx'
import { LogsView } from './views/logs.tsx'
import { PlaybooksView } from './views/playbooks.tsx'

interface View {
  readonly title: string
  readonly show: () => JSX.Element
  /** View that is marked in the navigation in its place. */
  readonly under?: string
}

const views: Readonly<Record<string, View>> = {
  fleet: { title: 'Fleet', show: () => <FleetView /> },
  kernel: { title: 'Kernel', show: () => <KernelView />, under: 'fleet' },
  incidents: { title: 'Incidents', show: () => <IncidentsView /> },
  incident: { title: 'Incident', show: () => <IncidentView />, under: 'incidents' },
  playbooks: { title: 'Playbooks', show: () => <PlaybooksView /> },
  letters: { title: 'Dead letters', show: () => <DeadLettersView /> },
  logs: { title: 'Logs', show: () => <LogsView /> },
}

const linkWords = {
  connecting: 'connecting',
  live: 'live',
  lost: 'connection lost, trying again',
  refused: 'the token is not valid any more: open the address that the runtime printed',
} as const

export function App(): JSX.Element {
  const { view, id } = place.value
  const shown = views[view] ?? views.fleet
  const title = shown?.title ?? 'Fleet'
  const name = id === '' || views[view] === undefined ? title : id
  document.title = `${name} · Lazaret`
  return (
    <>
      <a class="skip" href="#main">
        To the content
      </a>
      <header class="top">
        <strong>Lazaret</strong>
        <nav aria-label="Views">
          {Object.entries(views)
            .filter(([, { under }]) => under === undefined)
            .map(([name, { title: text }]) => (
              <a key={name} href={to(name)} aria-current={(shown?.under ?? view) === name ? 'page' : undefined}>
                {text}
              </a>
            ))}
        </nav>
        <span class="right">
          {about.value?.readOnly === true && <span class="chip">read only</span>}
          {about.value?.repairs.on === false && <span class="chip watch">repairs off</span>}
          <span class={`chip ${link.value === 'live' ? 'good' : 'watch'}`} role="status">
            {linkWords[link.value]}
          </span>
          <ThemeButton />
        </span>
      </header>
      <main id="main" tabIndex={-1} aria-label={view === 'kernel' ? name : title}>
        {kernels.value.size === 0 ? (
          <p class="quiet">{linkWords[link.value]}</p>
        ) : (
          shown && <Guarded key={view} show={shown.show} />
        )}
      </main>
      <Notice />
    </>
  )
}

/** A defect of one view leaves the others, and the way to them. */
function Guarded({ show }: Pick<View, 'show'>): JSX.Element {
  const [thrown, again] = useErrorBoundary((error: unknown) => console.error(error))
  const { id } = place.value
  // What could not be drawn of one may well be drawn of another.
  useEffect(again, [id])
  if (thrown === undefined) return show()
  return (
    <>
      <h1>This view could not be drawn</h1>
      <p>
        {thrown instanceof Error ? thrown.message : String(thrown)}{' '}
        <button type="button" onClick={again}>
          try again
        </button>
      </p>
    </>
  )
}

const theme = signal(localStorage.getItem('lazaret-theme') ?? '')
if (theme.value !== '') document.documentElement.dataset.theme = theme.value

function ThemeButton(): JSX.Element {
  const isDark = theme.value === '' ? matchMedia('(prefers-color-scheme: dark)').matches : theme.value === 'dark'
  const next = isDark ? 'light' : 'dark'
  const choose = () => {
    theme.value = next
    document.documentElement.dataset.theme = next
    localStorage.setItem('lazaret-theme', next)
  }
  return (
    <button type="button" aria-label={`${next} theme`} title={`${next} theme`} onClick={choose}>
      {next}
    </button>
  )
}
