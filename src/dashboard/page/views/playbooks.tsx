/** What was learnt: every playbook with what it is for and how it has done; one of them in full where it is chosen. */
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import type { PlaybookInWords } from '../../../supervisor/playbooks-in-words.ts'
import { useAsked } from '../asked.ts'
import { nowMs } from '../clock.ts'
import { place, to } from '../route.ts'
import { onEvents } from '../store.ts'
import { duration, type Tone } from '../words.ts'
import { OnePlaybook } from './playbook.tsx'
import './playbooks.css'

export const trustTones: Readonly<Record<PlaybookInWords['trust'], Tone>> = {
  ...{ trusted: 'good', trial: 'watch', suspended: 'bad' },
}

export function PlaybooksView(): JSX.Element {
  const { value, problem, again } = useAsked<PlaybookInWords[]>('playbooksInWords', {})
  useEffect(() => onEvents((events) => events.some(({ type }) => type.startsWith('playbook.')) && again()), [again])
  const { id: kernel, query } = place.value
  const name = query.get('name') ?? ''
  if (value === undefined) return <p class="quiet">{problem ?? 'The playbooks are asked for.'}</p>
  if (kernel !== '') return <OnePlaybook {...{ kernel, name, playbooks: value, onChange: again }} />
  return (
    <>
      <h1>Playbooks</h1>
      {problem !== undefined && <p class="quiet">{problem}</p>}
      {value.length === 0 ? (
        <div class="panel">
          <p>No playbook yet.</p>
          <p class="quiet">
            One is written when a repair has held: the next failure of the same kind is then healed at its first crash,
            without an agent.
          </p>
        </div>
      ) : (
        <List playbooks={value} />
      )}
    </>
  )
}

function List({ playbooks }: { playbooks: readonly PlaybookInWords[] }): JSX.Element {
  return (
    <div class="panel scroll">
      <table class="playbooks">
        <thead>
          <tr>
            <th>Kernel</th>
            <th>Playbook</th>
            <th>Trust</th>
            <th class="right">Healed</th>
            <th class="right">Failed</th>
            <th>Last used</th>
            <th>For the failure</th>
          </tr>
        </thead>
        <tbody>
          {playbooks.map((playbook) => (
            <Row key={`${playbook.kernel} ${playbook.name}`} playbook={playbook} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ playbook }: { playbook: PlaybookInWords }): JSX.Element {
  const { kernel, name, trust, successes, failures, matches } = playbook
  return (
    <tr>
      <td data-title="Kernel">
        <a href={to('kernel', kernel)}>{kernel}</a>
      </td>
      <td data-title="Playbook">
        <a href={to('playbooks', kernel, { name })}>{name}</a>
      </td>
      <td data-title="Trust">
        <span class={`chip ${trustTones[trust]}`}>{trust}</span>
      </td>
      <td data-title="Healed" class="right">
        {successes}
      </td>
      <td data-title="Failed" class="right">
        {failures}
      </td>
      <td data-title="Last used">
        <LastUse {...playbook} />
      </td>
      <td data-title="For" class="for">
        {matches}
      </td>
    </tr>
  )
}

export function LastUse({ lastUse, successes, failures }: PlaybookInWords): JSX.Element {
  if (lastUse === undefined)
    return <span class="quiet">{successes + failures === 0 ? 'never' : 'not in this journal'}</span>
  const { at, outcome, incident } = lastUse
  return (
    <>
      {duration(Math.max(0, nowMs.value - at))} ago,{' '}
      <a href={to('incident', incident)}>{outcome === 'succeeded' ? 'it healed' : 'it failed'}</a>
    </>
  )
}
