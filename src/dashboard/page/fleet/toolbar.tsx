/** What is shown of the fleet and how: the filter, the groups, graph or table. */
import type { JSX } from 'preact'
import { kernels } from '../store.ts'
import '../parts.css'
import { choice, choosePicture, chosenIds, grouping, isZoomed, mostNodes, type Picture, text } from './choice.ts'
import type { Grouping } from './facts.ts'

const choices: readonly (readonly [string, string])[] = [
  ['all', 'every state'],
  ['trouble', 'anything wrong'],
  ['incident', 'incident open'],
  ...(['running', 'starting', 'restarting', 'failed', 'quarantined', 'repairing', 'rejoined', 'stopped'] as const).map(
    (state) => [state, state] as const,
  ),
]

export function Toolbar({ picture }: { readonly picture: Picture }): JSX.Element {
  const isTiles = picture === 'graph' && chosenIds.value.length > mostNodes
  const isGrouping = picture === 'table' || isTiles
  const groupings: readonly Grouping[] = picture === 'table' ? ['tier', 'state', 'none'] : ['tier', 'state']
  return (
    <search class="toolbar">
      <fieldset class="segments">
        <legend class="unseen">Picture</legend>
        {(['graph', 'table'] as const).map((one) => (
          <button key={one} type="button" aria-pressed={picture === one} onClick={() => choosePicture(one)}>
            {one}
          </button>
        ))}
      </fieldset>
      <input
        type="search"
        aria-label="Kernels whose name contains"
        placeholder="Find a kernel"
        value={text}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <select aria-label="State" value={choice.value} onChange={(event) => (choice.value = event.currentTarget.value)}>
        {choices.map(([value, title]) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </select>
      {isGrouping && (
        <select
          aria-label="Groups"
          value={groupings.includes(grouping.value) ? grouping.value : 'tier'}
          onChange={(event) => (grouping.value = event.currentTarget.value as Grouping)}
        >
          {groupings.map((one) => (
            <option key={one} value={one}>
              {one === 'none' ? 'no groups' : `by ${one}`}
            </option>
          ))}
        </select>
      )}
      {isTiles && (
        <button type="button" aria-pressed={isZoomed.value} onClick={() => (isZoomed.value = !isZoomed.value)}>
          names
        </button>
      )}
      {chosenIds.value.length < kernels.value.size && (
        <span class="quiet" role="status">
          {chosenIds.value.length} of {kernels.value.size} shown
        </span>
      )}
    </search>
  )
}
