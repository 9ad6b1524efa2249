/** One kernel: how it stands, its life as a statechart, and the machines that it runs itself. */
import type { JSX } from 'preact'
import { useEffect, useMemo } from 'preact/hooks'
import { type ActorBranch, familiesOf, nameOf, tabbed } from '../chart/actor-tree.ts'
import '../chart/chart.css'
import { KernelCharts } from '../kernel-charts.tsx'
import { KernelPanel } from '../kernel-panel.tsx'
import '../parts.css'
import { KernelMachines } from '../chart/kernel-machines.ts'
import { Lifecycle } from '../chart/lifecycle.tsx'
import { MachineView, toneOfActor } from '../chart/machine-view.tsx'
import { type Tab, Tabs } from '../chart/tabs.tsx'
import { place, to } from '../route.ts'
import { kernels, type LiveKernel } from '../store.ts'

export function KernelView(): JSX.Element {
  const { id } = place.value
  const kernel = kernels.value.get(id)
  if (kernel === undefined)
    return (
      <>
        <h1>{id === '' ? 'No kernel' : id}</h1>
        <p>
          The fleet has no kernel of this name. <a href={to('fleet')}>To the fleet</a>
        </p>
      </>
    )
  return <KernelOf key={id} kernel={kernel} />
}

function KernelOf({ kernel }: { readonly kernel: LiveKernel }): JSX.Element {
  const { id } = kernel.spec
  const machines = useMemo(() => new KernelMachines(id), [id])
  useEffect(() => () => machines.close(), [machines])
  const families = familiesOf(machines.actors.value)
  const wanted = place.value.query.get('machine') ?? ''
  const family = families.find(({ actor }) => actor.session === wanted)
  const { shown, rest } = tabbed(families, wanted, tabsMax)
  return (
    <div class="statechart-view">
      <h1>{id}</h1>
      <KernelPanel kernel={kernel} withCharts={false} />
      {families.length > 0 && (
        <Tabs
          label={`Charts of ${id}`}
          panel="charts"
          tabs={[{ key: '', href: to('kernel', id), text: 'Lifecycle' }, ...shown.map((one) => tabOf(id, one))]}
          chosen={family === undefined ? '' : wanted}
        />
      )}
      {rest.length > 0 && <More kernel={id} families={rest} />}
      <div
        {...(families.length > 0 && {
          id: 'charts',
          role: 'tabpanel',
          'aria-label': family === undefined ? 'Lifecycle' : nameOf(family.actor),
        })}
      >
        {family === undefined ? (
          <Lifecycle kernel={kernel} />
        ) : (
          <MachineView key={wanted} machines={machines} family={family} />
        )}
      </div>
      <div class="below">
        <KernelCharts kernel={kernel} />
      </div>
    </div>
  )
}

/** A kernel may run a machine for each of its orders: more tabs than this are no tabs any more. */
const tabsMax = 6

function More({
  kernel,
  families,
}: {
  readonly kernel: string
  readonly families: readonly ActorBranch[]
}): JSX.Element {
  const open = (session: string) => {
    if (session !== '') location.hash = to('kernel', kernel, { machine: session })
  }
  return (
    <label class="more-machines">
      More of its machines{' '}
      <select value="" onChange={({ currentTarget }) => open(currentTarget.value)}>
        <option value="">{families.length}</option>
        {families.map(({ actor }) => (
          <option key={actor.session} value={actor.session}>
            {nameOf(actor)} ({actor.status})
          </option>
        ))}
      </select>
    </label>
  )
}

function tabOf(kernel: string, { actor }: ActorBranch): Tab {
  const { session, status } = actor
  return {
    key: session,
    href: to('kernel', kernel, { machine: session }),
    text: nameOf(actor),
    note: <span class={`chip ${toneOfActor(status)}`}>{status}</span>,
  }
}
