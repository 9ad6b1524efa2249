/** The whole fleet at a glance: how it stands, who depends on and talks to whom, and what has happened of late. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { followAddress } from '../fleet/address.ts'
import { chosenIds, chosenPicture, mostNodes } from '../fleet/choice.ts'
import { Graph } from '../fleet/graph.tsx'
import { Happenings } from '../fleet/happenings.tsx'
import { Legend } from '../fleet/legend.tsx'
import { RepairsSwitch } from '../fleet/repairs-switch.tsx'
import { Summary } from '../fleet/summary.tsx'
import { Table } from '../fleet/table.tsx'
import { TileView } from '../fleet/tile-view.tsx'
import { Toolbar } from '../fleet/toolbar.tsx'
import { followTraffic } from '../fleet/traffic.ts'
import '../fleet/fleet.css'

/** Narrower than this, and the table comes first. Pixels. */
const narrow = 620

export function FleetView(): JSX.Element {
  const ref = useRef<HTMLDivElement>(null)
  const room = useSignal(0)
  useEffect(followTraffic, [])
  useLayoutEffect(followAddress, [])
  useEffect(() => {
    if (ref.current === null) return
    const watch = new ResizeObserver(([entry]) => {
      if (entry !== undefined) room.value = Math.floor(entry.contentRect.width)
    })
    watch.observe(ref.current)
    return () => watch.disconnect()
  }, [room])
  const picture = chosenPicture.value ?? (room.value < narrow ? 'table' : 'graph')
  return (
    <>
      <div class="fleet-head">
        <h1>Fleet</h1>
        <Summary />
        <RepairsSwitch />
      </div>
      <div class="fleet">
        <div class="fleet-main">
          <Toolbar picture={picture} />
          <div ref={ref} class={`fleet-picture ${picture}`}>
            {room.value > 0 && (picture === 'table' ? <Table /> : <Picture room={room.value} />)}
            {chosenIds.value.length === 0 && <p class="quiet">No kernel is like that.</p>}
          </div>
          {picture === 'graph' && <Legend isTiles={chosenIds.value.length > mostNodes} />}
        </div>
        <Happenings />
      </div>
    </>
  )
}

function Picture({ room }: { readonly room: number }): JSX.Element {
  return chosenIds.value.length > mostNodes ? <TileView room={room} /> : <Graph room={room} />
}
