/**
 * What the page knows: one signal a kernel, so that what has not changed is not drawn again. It follows the server's
 * stream, and begins anew where that was lost for too long. It draws nothing.
 */
import { batch, type Signal, signal } from '@preact/signals'
import type { LazaretEvent } from '../../base/events.ts'
import type { KernelStatus } from '../../supervisor/status.ts'
import type { FleetKernel, Opening, TrafficLink } from '../wire.ts'
import { frames, opening, Refused } from './api.ts'
import { type Sample, withSample } from './samples.ts'

/** Events kept for the views that show what has just happened. */
const eventsKept = 500

export interface LiveKernel {
  readonly spec: FleetKernel
  readonly status: Signal<KernelStatus>
  /** Oldest first. */
  readonly samples: Signal<readonly Sample[]>
}

export type Link = 'connecting' | 'live' | 'lost' | 'refused'

export const link = signal<Link>('connecting')
export const about = signal<Omit<Opening, 'kernels' | 'links' | 'fleet'> | undefined>(undefined)
export const kernels = signal<ReadonlyMap<string, LiveKernel>>(new Map())
export const links = signal<readonly TrafficLink[]>([])
/** Newest last. */
export const events = signal<readonly LazaretEvent[]>([])
/** Counts up when a kernel's own machines have moved, by kernel. */
export const inspected = signal<Readonly<Record<string, number>>>({})
/** The server's clock minus the page's. Milliseconds. */
export const skewMs = signal(0)

type Listener = (events: readonly LazaretEvent[]) => void
const listeners = new Set<Listener>()

/** Every event from now on, in batches. Returns the function that ends it. */
export function onEvents(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

const regained = new Set<() => void>()

/** When the line was lost and everything has been read anew: what was asked meanwhile, or before, may be another by now. */
export function onRegained(listener: () => void): () => void {
  regained.add(listener)
  return () => regained.delete(listener)
}

/** Begins to follow; never ends by itself. */
export async function follow(): Promise<never> {
  let known = -1
  let waitMs = 250
  for (;;) {
    try {
      if (known < 0) known = begin(await opening())
      for await (const frame of frames(known, new AbortController().signal)) {
        waitMs = 250
        if (link.value !== 'live') link.value = 'live'
        if (frame.type === 'reset') {
          known = begin(await opening())
        } else if (frame.type === 'state') {
          batch(() => takeState(frame.now, frame.kernels, frame.links))
        } else if (frame.type === 'events') {
          known = frame.events.at(-1)?.seq ?? known
          takeEvents(frame.events)
        } else {
          const next = { ...inspected.value }
          for (const id of frame.kernels) next[id] = (next[id] ?? 0) + 1
          inspected.value = next
        }
      }
      link.value = 'lost'
    } catch (thrown) {
      link.value = thrown instanceof Refused && thrown.status === 401 ? 'refused' : 'lost'
      // Another runtime may answer next time: what is known of this one is read anew.
      known = -1
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs))
    waitMs = Math.min(5000, waitMs * 2)
  }
}

function begin({ kernels: statuses, links: traffic, fleet, ...rest }: Opening): number {
  const isFirst = about.peek() === undefined
  batch(() => {
    about.value = rest
    skewMs.value = rest.now - Date.now()
    links.value = traffic
    const before = kernels.value
    kernels.value = new Map(
      fleet.flatMap((spec) => {
        const status = statuses.find(({ id }) => id === spec.id)
        if (status === undefined) return []
        const known = before.get(spec.id)
        if (known !== undefined) known.status.value = status
        if (known === undefined)
          return [[spec.id, { spec, status: signal(status), samples: signal(withSample([], status, rest.now)) }]]
        // The fleet may have been edited before the runtime came back.
        return [[spec.id, { ...known, spec }]]
      }),
    )
  })
  if (!isFirst) for (const listener of regained) listener()
  return rest.seq
}

function takeState(now: number, changed: readonly KernelStatus[], traffic: readonly TrafficLink[]): void {
  skewMs.value = now - Date.now()
  for (const status of changed) {
    const kernel = kernels.value.get(status.id)
    if (kernel === undefined) continue
    kernel.samples.value = withSample(kernel.samples.value, status, now)
    kernel.status.value = status
  }
  if (traffic.length === 0) return
  const all = new Map(links.value.map((one) => [`${one.from} ${one.to}`, one]))
  for (const one of traffic) all.set(`${one.from} ${one.to}`, one)
  links.value = [...all.values()]
}

function takeEvents(batchOf: readonly LazaretEvent[]): void {
  events.value = [...events.value, ...batchOf].slice(-eventsKept)
  for (const event of batchOf) if (event.type === 'repairs.switched') void refreshRepairs(event)
  for (const listener of listeners) listener(batchOf)
}

function refreshRepairs(event: LazaretEvent): void {
  const { on, why } = event as LazaretEvent & { on?: boolean; why?: string }
  if (about.value === undefined || typeof on !== 'boolean') return
  about.value = { ...about.value, repairs: { on, ...(why !== undefined && { why }), at: event.at } }
}
