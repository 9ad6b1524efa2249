/** One kernel as a row of the table. Its cells name themselves, for the cards that they become on a narrow screen. */
import { useComputed } from '@preact/signals'
import type { JSX } from 'preact'
import { useRef } from 'preact/hooks'
import type { KernelStatus } from '../../../supervisor/status.ts'
import { nowMs } from '../clock.ts'
import { Pips } from '../pips.tsx'
import { to } from '../route.ts'
import { rateNow, type Sample } from '../samples.ts'
import { Sparkline } from '../sparkline.tsx'
import type { Measure } from '../sparkline-path.ts'
import type { LiveKernel } from '../store.ts'
import { duration, toneOf } from '../words.ts'
import { detour, megabytes, percent, rateText, servedText } from './facts.ts'
import { useSeen } from './seen.ts'

interface RowProps {
  readonly kernel: LiveKernel
  /** Of many rows only those on the screen are kept up to date, and have all their cells. */
  readonly isOfMany: boolean
}

export function Row({ kernel, isOfMany }: RowProps): JSX.Element {
  const ref = useRef<HTMLTableRowElement>(null)
  const isSeen = useSeen(ref, !isOfMany)
  const { id, tier } = kernel.spec
  const { state, stateSince, incident, hotfix } = kernel.status.value
  return (
    <tr ref={ref}>
      <th scope="row" class="name">
        <a href={to('kernel', id)}>{id}</a>
        {hotfix !== undefined && <span class="chip calm">hotfix</span>}
        {incident !== undefined && (
          <a class="chip bad" href={to('incident', incident)}>
            incident
          </a>
        )}
      </th>
      <td data-label="Tier">{tier}</td>
      <td data-label="State">
        <span class={`chip ${toneOf(state)}`}>{state}</span> {isSeen.value && <Since at={stateSince} />}
      </td>
      {isSeen.value ? <Cells kernel={kernel} /> : <td class="unread" colSpan={9} />}
    </tr>
  )
}

function Cells({ kernel }: { readonly kernel: LiveKernel }): JSX.Element {
  const status = kernel.status.value
  const samples = kernel.samples.value
  const rate = useComputed(() => rateNow(kernel.samples.value, nowMs.value)).value
  const { mailbox, cpu, elu, heapMb, budget, standbys } = status
  return (
    <>
      <td data-label="Served by" class={detour(status) === undefined ? 'served' : 'served detour'}>
        {servedText(status)}
        {standbys.of > 0 && (
          <span class="quiet">
            {' '}
            (standby {standbys.ready}/{standbys.of})
          </span>
        )}
      </td>
      <td data-label="Uptime" class="number">
        <Uptime kernel={kernel} />
      </td>
      <td data-label="Crashes, starts">
        <Budget status={status} />
      </td>
      <td data-label="Repairs" class="number">
        {budget.attempts}/{budget.maxAttempts}
      </td>
      <Figure label="Loop busy" text={percent(elu)} {...{ samples, of: 'elu', top: 0.1 }} />
      <td data-label="CPU" class="number">
        {percent(cpu)}
      </td>
      <Figure label="Heap" text={megabytes(heapMb)} {...{ samples, of: 'heapMb', top: 16 }} />
      <td data-label="Mailbox" class={mailbox > 0 ? 'number' : 'number quiet'}>
        {mailbox}
      </td>
      <Figure label="Messages" text={rateText(rate)} {...{ samples, of: 'rate', top: 1 }} />
    </>
  )
}

/** Crashes and starts since the kernel was last steady, each of the most that it may have. */
export function Budget({ status: { budget } }: { readonly status: KernelStatus }): JSX.Element {
  return (
    <span class="budget">
      <Pips used={budget.failures} of={budget.max} name="crashes since it was last steady" />
      <Pips used={budget.starts} of={1 + budget.max} name="starts since it was last steady" free={1} />
    </span>
  )
}

/** How long ago, counted on by itself. */
export function Since({ at }: { readonly at: number }): JSX.Element | null {
  const text = useComputed(() => (at === 0 ? '' : roughly(nowMs.value - at)))
  return (
    <span class="quiet since" title={at === 0 ? undefined : new Date(at).toLocaleString()}>
      {text}
    </span>
  )
}

/** Counted on by itself: it is told only when something else has changed. */
export function Uptime({ kernel }: { readonly kernel: LiveKernel }): JSX.Element {
  const text = useComputed(() => {
    const { uptimeMs } = kernel.status.value
    const toldAt = kernel.samples.value.at(-1)?.at ?? nowMs.value
    return uptimeMs === 0 ? '' : roughly(uptimeMs + Math.max(0, nowMs.value - toldAt))
  })
  return <>{text}</>
}

/** `12 s`, `3 min`, `5 h 2 min`: what flickers tells nothing. */
export function roughly(ms: number): string {
  if (ms < 60_000) return `${Math.max(0, Math.floor(ms / 1000))} s`
  return ms < 3_600_000 ? `${Math.floor(ms / 60_000)} min` : duration(ms)
}

interface FigureProps {
  readonly label: string
  readonly text: string
  readonly samples: readonly Sample[]
  readonly of: Measure
  readonly top: number
}

function Figure({ label, text, samples, of, top }: FigureProps): JSX.Element {
  return (
    <td data-label={label} class="number">
      <span class="value">{text}</span>
      <Sparkline {...{ samples, of, top }} width={40} name={`${label} ${text}`} />
    </td>
  )
}
