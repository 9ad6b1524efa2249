/**
 * One failure of one kernel, from the line in its source to its end: the kernel is started anew with it, as after a
 * deployment, what follows is listened to, and a person's part is played where the fleet asks for one. It judges nothing.
 */

import type { ErrorRecord } from '../../base/error-record.ts'
import { toRecord } from '../../base/error-record.ts'
import type { LazaretEvent } from '../../base/events.ts'
import { limits } from '../../base/limits.ts'
import type { Notice } from '../../escalation/notify.ts'
import type { Runtime } from '../../runtime.ts'
import type { Watch } from '../watch.ts'

/** A method that no kernel has: whoever serves says so, and nothing is done by the call. */
export const probeMethod = 'lazaretDrill'

/** A call that was made while the kernel was out of service. */
export interface Probe {
  /** As degraded.entered says. */
  readonly mode: string
  /** Code of the answer; absent while there is none. */
  code?: string
  /** Epoch milliseconds. */
  answeredAt?: number
  /** Calls that wait, when the kernel had ended one way or the other. */
  waiting?: number
}

export interface Round {
  /** Epoch milliseconds. */
  readonly beganAt: number
  /** Of the kernel, from the defect on. */
  readonly events: readonly LazaretEvent[]
  /** False: the kernel serves with the defect, which is nowhere on its way. */
  readonly hit: boolean
  readonly error?: ErrorRecord
  readonly probe?: Probe
  /** The drill approved the repair. */
  readonly approved: boolean
  readonly end: 'recovered' | 'parked' | 'not in time'
  /** Why it is parked. */
  readonly why?: string
  readonly notices: readonly Notice[]
}

export interface RoundPorts {
  readonly runtime: Runtime
  readonly watch: Watch
  readonly notices: readonly Notice[]
}

const endings: ReadonlySet<string> = new Set(['kernel.recovered', 'kernel.parked'])
/** Longest that a call is waited for whose kernel serves again. Milliseconds. */
const answerMs = 5000

/** @param change edits the kernel's source. */
export async function playRound(ports: RoundPorts, kernel: string, change: () => void): Promise<Round> {
  const { runtime, watch } = ports
  const from = watch.place
  const heard = ports.notices.length
  change()
  const beganAt = Date.now()
  const next = (test: (event: LazaretEvent) => boolean, since = from) =>
    watch.next((event) => event.kernel === kernel && test(event), { from: since, withinMs: limits.drillStepMs })
  const crashing = next(({ type }) => type === 'kernel.crashed')
  const probing = probe(ports, kernel, from)
  const settled = runtime
    .kernel(kernel)
    .restart()
    .then(
      () => undefined,
      // Refused, or the runtime was stopped: no crash follows, which the caller is told.
      () => undefined,
    )
  const crash = await Promise.race([crashing, settled])
  const seen = () => watch.of(kernel, from)
  const error = (crash ?? seen().find(({ type }) => type === 'kernel.crashed'))?.error as ErrorRecord | undefined
  if (error === undefined)
    return { beganAt, events: seen(), hit: false, approved: false, end: 'recovered', notices: [] }
  let ended = await next(({ type }) => endings.has(type))
  const task = ended?.type === 'kernel.parked' ? taskToApprove(runtime, kernel) : undefined
  if (task !== undefined) {
    const since = watch.place
    const refused = runtime.approve(task).then(
      () => new Promise<never>(() => undefined),
      (thrown: unknown) => toRecord(thrown).message,
    )
    const after = await Promise.race([next(({ type }) => endings.has(type), since), refused])
    ended =
      typeof after === 'string' ? ({ ...ended, why: `it could not be approved: ${after}` } as LazaretEvent) : after
  }
  const asked = await answered(await probing, runtime, kernel, ended?.type === 'kernel.recovered')
  return {
    ...{ beganAt, events: seen(), hit: true, error, approved: task !== undefined },
    end: ended === undefined ? 'not in time' : ended.type === 'kernel.parked' ? 'parked' : 'recovered',
    ...(asked && { probe: asked.probe }),
    ...(ended?.why !== undefined && { why: String(ended.why) }),
    notices: ports.notices.slice(heard).filter((notice) => notice.kernel === kernel),
  }
}

function taskToApprove(runtime: Runtime, kernel: string): string | undefined {
  return runtime.journal.tasks({ kernel, status: 'open' }).find(({ remedy }) => remedy !== undefined)?.id
}

interface Asked {
  readonly probe: Probe
  readonly done: Promise<void>
}

/** Asks as soon as the kernel is out of service. */
async function probe({ runtime, watch }: RoundPorts, kernel: string, from: number): Promise<Asked | undefined> {
  const entered = await watch.next((event) => event.kernel === kernel && event.type === 'degraded.entered', {
    ...{ from, withinMs: limits.drillStepMs },
  })
  if (entered === undefined) return undefined
  const asked: Probe = { mode: String(entered.mode) }
  const reply = runtime.ref(kernel, { deadlineMs: 2 * limits.drillStepMs }).ask[probeMethod]?.()
  const done = Promise.resolve(reply).then(
    () => note(asked, 'OK'),
    (thrown: unknown) => note(asked, toRecord(thrown).code ?? 'ERROR'),
  )
  return { probe: asked, done }
}

function note(asked: Probe, code: string): void {
  asked.code = code
  asked.answeredAt = Date.now()
}

async function answered(
  asked: Asked | undefined,
  runtime: Runtime,
  kernel: string,
  serves: boolean,
): Promise<Asked | undefined> {
  if (asked === undefined) return undefined
  // Refused and served calls are answered at once; one that waits is answered when the kernel serves again.
  if (serves || asked.probe.mode !== 'buffer') {
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, answerMs)
    await Promise.race([asked.done, late])
    clearTimeout(timer)
  }
  asked.probe.waiting = runtime.kernel(kernel).status().mailbox
  return asked
}
