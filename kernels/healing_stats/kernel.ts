/**
 * How well the house heals, in numbers: per kernel how many incidents there were, how many are open, how long a recovery
 * took, how long it was out of service. The runtime tells its incidents on its bus; those of things that it does not
 * supervise (a database, a supplier) are noted by callers. It counts, and heals nothing.
 */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { type KernelStats, type Notice, refusal, shown, Tally, type TallyState } from './tally.ts'

export type Summary = KernelStats & {
  kernels: Record<string, KernelStats>
  /** Kernels that are out of service now. */
  degraded: string[]
}

function readNotice(notice: unknown): Notice {
  const { incident, kernel, status, at } = Object(notice) as Partial<Notice>
  const isText = (value: unknown): value is string => typeof value === 'string' && /^\S.{0,149}$/.test(value)
  const wrong = (name: string, accepted: string, got: unknown) =>
    refusal('INVALID_ARGUMENT', `${name}: accepted is ${accepted}. Got: ${shown(got)}`)
  if (!isText(incident)) throw wrong('incident', 'a text of 1 to 150 characters', incident)
  if (!isText(kernel)) throw wrong('kernel', 'a text of 1 to 150 characters', kernel)
  if (status !== 'open' && status !== 'resolved') throw wrong('status', 'open or resolved', status)
  if (!Number.isFinite(at)) throw wrong('at', 'a time in milliseconds', at)
  return { incident, kernel, status, at: at as number }
}

const kernel = defineKernel({
  start(ctx: KernelContext<TallyState>) {
    const tally = new Tally(ctx.restored)
    ctx.bus.on('event.incident', (message) => {
      try {
        tally.note(message, 'runtime')
      } catch (error) {
        // A count that is full must not bring the counter down; the runtime's journal has the incident.
        ctx.log.warn('an incident was not counted', { incident: message.incident, error: String(error) })
      }
    })
    // A new subscriber is first told what holds now, topic by topic in the order of subscribing: when the degraded mode
    // is told, every open incident has been.
    ctx.bus.on('system.degraded_mode', (message) => {
      tally.confirm()
      tally.degraded(message.disabled_kernels, ctx.now())
    })
    return {
      api: {
        summary(): Summary {
          const ids = tally.kernels()
          return {
            ...tally.stats(ctx.now()),
            kernels: Object.fromEntries(ids.map((id) => [id, tally.stats(ctx.now(), id)])),
            degraded: tally.outOfService(),
          }
        },
        /** Null where nothing has ever happened to it. */
        of: (id: string): KernelStats | null => (tally.kernels().includes(id) ? tally.stats(ctx.now(), id) : null),
        /** An incident of something that the runtime does not supervise: opened, and later resolved, under one name. */
        note: (notice: Notice): void => tally.note(readNotice(notice), 'caller'),
      },
      snapshot: (): TallyState => tally.state(),
    }
  },
})
export default kernel
export type HealingStats = KernelApi<typeof kernel>
