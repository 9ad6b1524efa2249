/**
 * The fleet as a graph, tier by tier. One tab stop: arrow keys lead from kernel to kernel, Enter opens one. Whoever is
 * pointed at, or has the focus, is lit with its neighbours. What moves is drawn by its own part alone (node.tsx,
 * edges.tsx); this file is drawn again when the fleet, the filter or what is pointed at changes.
 */
import { useComputed } from '@preact/signals'
import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { kernels } from '../store.ts'
import { type Arrangement, arrange, type Measures } from './arrange.ts'
import { chosenIds, mostNodes, pointed } from './choice.ts'
import { Dependency, FlowLine, FromHost, Markers, pathBetween, Reroute } from './edges.tsx'
import { Node } from './node.tsx'
import { pointingAt } from './pointing.ts'
import { flows } from './traffic.ts'
import './graph.css'

const measures: Omit<Measures, 'columnGap'> = { nodeWidth: 172, nodeHeight: 66, rowGap: 20, maxRows: 9, top: 30 }
const gaps = { least: 58, most: 150 }

/** @param room width that there is. Pixels. */
export function Graph({ room }: { readonly room: number }): JSX.Element {
  const chosen = chosenIds.value
  const all = kernels.value
  // A small fleet keeps its places, and what is not chosen is dimmed; of a large one only the chosen are drawn.
  const isWhole = all.size <= mostNodes
  const arrangement = useMemo(() => arranged(isWhole ? [...all.keys()] : chosen, room), [all, isWhole || chosen, room])
  const { boxes, bands, width, height } = arrangement
  const entry = boxes.has(pointed.value ?? '') ? pointed.value : boxes.keys().next().value
  const lit = useLit()
  const isChosen = new Set(chosen)
  return (
    <section aria-label="Kernels; arrow keys lead from one to the next" {...pointingAt(boxes)}>
      <svg
        aria-label="Graph of the fleet"
        class={pointed.value === undefined ? 'graph' : 'graph pointing'}
        viewBox={`0 0 ${width} ${height}`}
        {...{ width, height }}
      >
        <Markers />
        {bands.map(({ tier, box }, index) => (
          <g key={tier} class={index % 2 === 0 ? 'band' : 'band other'}>
            <rect {...box} rx="10" />
            <text x={box.x + box.width / 2} y="20" text-anchor="middle">
              Tier {tier}
            </text>
          </g>
        ))}
        <Lines {...{ arrangement, lit }} />
        {[...boxes].map(([id, box]) => {
          const kernel = all.get(id)
          if (kernel === undefined) return null
          return (
            <Node
              key={id}
              {...{ kernel, box }}
              isLit={lit.has(id)}
              isEntry={entry === id}
              isLeftOut={isWhole && !isChosen.has(id)}
            />
          )
        })}
        <g class="reroutes">
          {[...boxes.keys()].map((id) => {
            const kernel = all.get(id)
            return kernel && <Reroute key={id} {...{ kernel, arrangement }} />
          })}
        </g>
      </svg>
    </section>
  )
}

function Lines({ arrangement, lit }: { arrangement: Arrangement; lit: ReadonlySet<string> }): JSX.Element {
  const all = kernels.value
  const at = pointed.value
  const dependencies = useMemo(
    () =>
      [...arrangement.boxes.keys()].flatMap((from) =>
        (all.get(from)?.spec.dependsOn ?? []).flatMap((to) => {
          const path = pathBetween(arrangement, from, to)
          return path === undefined ? [] : { from, to, path }
        }),
      ),
    [arrangement, all],
  )
  const talking = useMemo(
    () =>
      [...flows.value].flatMap(([key, flow]) => {
        const path = pathBetween(arrangement, flow.from, flow.to)
        return path === undefined ? [] : { key, flow, path }
      }),
    [arrangement, flows.value],
  )
  const isLit = (from: string, to: string) => at !== undefined && lit.has(at) && (from === at || to === at)
  return (
    <g class="lines">
      {dependencies.map(({ from, to, path }) => (
        <Dependency key={`${from} ${to}`} path={path} isLit={isLit(from, to)} />
      ))}
      {talking.map(({ key, flow, path }) => (
        <FlowLine key={key} {...{ flow, path }} isLit={isLit(flow.from, flow.to)} />
      ))}
      {[...flows.value].map(([key, flow]) => {
        const box = flow.from === 'host' ? arrangement.boxes.get(flow.to) : undefined
        return box && <FromHost key={key} {...{ flow, box }} />
      })}
    </g>
  )
}

/** The one that is pointed at, and whoever it depends on, depends on it, talks with it, or has its work. */
export function useLit(): ReadonlySet<string> {
  return useComputed((): ReadonlySet<string> => {
    const at = pointed.value
    if (at === undefined) return new Set()
    const lit = new Set([at])
    for (const [id, { spec }] of kernels.value) {
      if (id === at) for (const other of spec.dependsOn) lit.add(other)
      if (id === at && spec.degraded.to !== undefined) lit.add(spec.degraded.to)
      if (spec.dependsOn.includes(at) || spec.degraded.to === at) lit.add(id)
    }
    for (const { from, to } of flows.value.values()) {
      if (from === at) lit.add(to)
      if (to === at) lit.add(from)
    }
    return lit
  }).value
}

function arranged(ids: readonly string[], room: number): Arrangement {
  const members = ids.flatMap((id) => {
    const spec = kernels.peek().get(id)?.spec
    if (spec === undefined) return []
    return { id, tier: spec.tier, dependsOn: spec.dependsOn, ...(spec.degraded.to && { to: spec.degraded.to }) }
  })
  // Columns are counted first, and then share the room that is left.
  const columns = Math.max(1, arrange(members, { ...measures, columnGap: gaps.least }).columns.length)
  const columnGap = Math.floor(room / columns) - measures.nodeWidth
  return arrange(members, { ...measures, columnGap: Math.min(gaps.most, Math.max(gaps.least, columnGap)) })
}
