/**
 * The fleet as a table: the same as the graph, for whoever wants numbers or cannot see the graph; on a narrow screen a
 * card for each kernel. A row is drawn again when its kernel has changed; the order of those that go by a live number is
 * found anew every few seconds only, so that a row can be read.
 */
import '../parts.css'
import { computed, useComputed } from '@preact/signals'
import type { JSX } from 'preact'
import { nowMs } from '../clock.ts'
import { kernels } from '../store.ts'
import { chosenIds, grouping, mostNodes, sorting } from './choice.ts'
import { type Group, grouped, type SortKey, sorted } from './facts.ts'
import { Row } from './row.tsx'
import './table.css'

interface Column {
  readonly key: SortKey
  readonly title: string
  /** Numbers begin with the highest. */
  readonly isNumber?: true
}

const columns: readonly Column[] = [
  { key: 'id', title: 'Kernel' },
  { key: 'tier', title: 'Tier' },
  { key: 'state', title: 'State, for' },
  { key: 'servedBy', title: 'Served by' },
  { key: 'uptime', title: 'Uptime', isNumber: true },
  { key: 'restarts', title: 'Crashes, starts' },
  { key: 'repairs', title: 'Repairs', isNumber: true },
  { key: 'elu', title: 'Loop busy', isNumber: true },
  { key: 'cpu', title: 'CPU', isNumber: true },
  { key: 'heap', title: 'Heap', isNumber: true },
  { key: 'mailbox', title: 'Mailbox', isNumber: true },
  { key: 'rate', title: 'Messages', isNumber: true },
]

/** A turn is as long as an order by a number that never rests is kept. */
const turnMs = 3000
const turn = computed(() => Math.floor(nowMs.value / turnMs))
const restless: ReadonlySet<SortKey> = new Set(['uptime', 'elu', 'cpu', 'heap', 'mailbox', 'rate'])

export function Table(): JSX.Element {
  const groups = useRows()
  const isGrouped = grouping.value !== 'none'
  const isOfMany = chosenIds.value.length > mostNodes
  return (
    <table class={isOfMany ? 'fleet-table many' : 'fleet-table'}>
      <caption class="unseen">Every kernel of the fleet</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <Heading key={column.key} column={column} />
          ))}
        </tr>
      </thead>
      {groups.map(({ name, ids }) => (
        <tbody key={name}>
          {isGrouped && (
            <tr class="group">
              <th colSpan={columns.length} scope="rowgroup">
                {name} · {ids.length}
              </th>
            </tr>
          )}
          {ids.map((id) => {
            const kernel = kernels.value.get(id)
            return kernel && <Row key={id} {...{ kernel, isOfMany }} />
          })}
        </tbody>
      ))}
    </table>
  )
}

function Heading({ column: { key, title, isNumber } }: { readonly column: Column }): JSX.Element {
  const { by, isDown } = sorting.value
  const isBy = by === key
  const choose = () => {
    sorting.value = { by: key, isDown: isBy ? !isDown : isNumber === true }
  }
  return (
    <th scope="col" class={isNumber && 'number'} aria-sort={isBy ? (isDown ? 'descending' : 'ascending') : undefined}>
      <button type="button" onClick={choose}>
        {title}
        <span aria-hidden="true">{isBy ? (isDown ? ' ↓' : ' ↑') : ''}</span>
      </button>
    </th>
  )
}

function useRows(): readonly Group[] {
  const text = useComputed(() => {
    const { by } = sorting.value
    if (restless.has(by)) turn.value
    const isLive = by === 'state' || by === 'servedBy' || by === 'restarts' || by === 'repairs'
    const read = isLive || grouping.value === 'state'
    const statuses = chosenIds.value.flatMap((id) => {
      const kernel = kernels.value.get(id)
      if (kernel === undefined) return []
      return read ? kernel.status.value : kernel.status.peek()
    })
    const rateOf = (id: string) => kernels.value.get(id)?.samples.peek().at(-1)?.rate ?? 0
    return JSON.stringify(grouped(sorted(statuses, sorting.value, rateOf), grouping.value))
  }).value
  return JSON.parse(text) as Group[]
}
