/**
 * What an instance leaves behind when it ends: the messages it was handling, and the failure. Each message is settled
 * or delivered again; one that was being handled at two crashes is poison and is parked.
 */
import type { Numbered } from '../actor/mailbox.ts'
import type { Thread, ThreadEnd } from '../actor/thread.ts'
import { type ErrorRecord, toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { fingerprint } from '../escalation/fingerprint.ts'
import { type CpuProfile, profileOfThread } from '../lifecycle/hang-profile.ts'
import { stackOfThread } from '../lifecycle/hang-stack.ts'
import type { HangVerdict } from '../lifecycle/heartbeat.ts'
import type { StandIn } from '../lifecycle/stand-in.ts'
import { hashArgs } from '../routing/parked.ts'
import { type House, kernelFolderUrl } from './house.ts'
import type { Failure, HangProfile, Unit } from './unit.ts'

/** Crashes with the same message in hand that make it poison. */
const poisonCrashes = 2

/** Settles what the instance held. Says whether a trusted playbook knows the failure. */
export function settleEnd(
  house: House,
  unit: Unit,
  thread: Thread | undefined,
  end: ThreadEnd,
  expected: boolean,
): { known: boolean } {
  const handling = house.office.detach(unit, thread, end.error)
  if (expected) {
    giveBack(unit, handling, end.error)
    house.events.emit('kernel.stopped', unit.id, { orderly: end.ordered, ...(end.error && { error: end.error }) })
    return { known: false }
  }
  const profile = thread && profiles.get(thread)
  const failure = { ...describe(house, unit, end, handling[0]), ...(profile && { profile }) }
  unit.failure = failure
  const { error, phase, method, permanent } = failure
  house.events.emit('kernel.crashed', unit.id, {
    ...{ error, phase, permanent, fingerprint: failure.fingerprint, ...(method && { method }) },
    failures: unit.instance.snapshot.context.failures + 1,
  })
  // The messages first: whatever the disk says, none of them is lost without a word.
  judgeMessages(house, unit, handling, failure)
  attempt(house, () =>
    house.journal.recordFailure({
      ...{ kernel: unit.id, at: failure.at, fingerprint: failure.fingerprint, error, phase },
      decision: 'crashed',
      ...(unit.incident && { incident: unit.incident }),
    }),
  )
  const mayUse = unit.spec.repair.autonomy === 'playbook' || unit.spec.repair.autonomy === 'fix'
  return { known: mayUse && house.playbooks.knows(unit.id, failure.fingerprint) }
}

/**
 * Settles what a stand-in held. A message that brought down the instance and then the standby is poison, and the next
 * standby is spared; a fallback is other code, and its end says nothing about the kernel.
 */
export function settleStandIn(
  house: House,
  unit: Unit,
  { thread, kind }: Pick<StandIn, 'thread' | 'kind'>,
  end: ThreadEnd,
  expected: boolean,
): void {
  const handling = house.office.detach(unit, thread, end.error)
  if (expected || kind === 'fallback') giveBack(unit, handling, end.error)
  else judgeMessages(house, unit, handling, describe(house, unit, end, handling[0]))
}

function giveBack(unit: Unit, handling: readonly Numbered[], error: ErrorRecord | undefined): void {
  unit.route.handAgain(handling.filter(({ idempotent }) => idempotent))
  for (const message of handling) if (!message.idempotent) unit.route.lose(message, error)
}

function describe(house: House, unit: Unit, end: ThreadEnd, inHand: Numbered | undefined): Failure {
  const error =
    end.error ?? toRecord(new LazaretError('KERNEL_EXITED', 'The thread said goodbye without being asked to.'))
  const method = end.phase === 'message' ? inHand?.method : undefined
  const print = fingerprint({
    ...{ kernel: unit.id, error, phase: end.phase, kernelFolderUrl: kernelFolderUrl(unit.spec) },
    ...(method && { method }),
  })
  return {
    ...{ at: house.clock.now(), error, phase: end.phase, fingerprint: print, permanent: end.permanent },
    ...(method && { method }),
    ...(end.vitals && { vitals: end.vitals }),
  }
}

function judgeMessages(house: House, unit: Unit, handling: readonly Numbered[], failure: Failure): void {
  const again: Numbered[] = []
  for (const message of handling) {
    const argsSha256 = hashArgs(message.args)
    if (argsSha256 !== undefined && isPoison(house, unit, message.method, argsSha256, failure)) {
      const reason = `It was being handled at ${poisonCrashes} crashes: ${failure.error.message}`
      attempt(house, () => house.journal.parkMessage({ kernel: unit.id, method: message.method, argsSha256, reason }))
      unit.route.park(message.method, argsSha256)
      unit.sawPoison = true
      house.events.emit('message.poisoned', unit.id, { method: message.method, argsSha256, from: message.from })
      unit.route.lose(message, failure.error, 'MESSAGE_POISONED')
    } else if (message.idempotent) again.push(message)
    else unit.route.lose(message, failure.error)
  }
  unit.route.handAgain(again)
}

/** What the journal refuses is reported, and does not end what is being done. Undefined then. */
function attempt<T>(house: House, write: () => T): T | undefined {
  try {
    return write()
  } catch (thrown) {
    house.report(thrown)
    return undefined
  }
}

/** A thread ended from outside says nothing about what it was handling. */
function isPoison(house: House, unit: Unit, method: string, argsSha256: string, failure: Failure): boolean {
  if (wasKilledFromOutside(failure.error)) return false
  const crash = { kernel: unit.id, method, argsSha256, fingerprint: failure.fingerprint }
  return (attempt(house, () => house.journal.bumpPoison(crash)) ?? 0) >= poisonCrashes
}

function wasKilledFromOutside(error: ErrorRecord): boolean {
  return error.code === 'KERNEL_EXITED' && error.details?.byItself === false
}

/** What was found out about threads that hung, until their ends are judged. */
const profiles = new WeakMap<Thread, HangProfile>()

/** A thread that hangs is asked for its stack and its profile, then ended; the end is reported with what was found. */
export async function endHungThread(unit: Unit, thread: Thread, verdict: HangVerdict): Promise<void> {
  const found = await stackOfThread(thread.name, limits.hangStackMs)
  // One without a stack is in a native call: it would have no profile either, and its callers would wait for that.
  if (found !== undefined) profiles.set(thread, await takeProfile(thread))
  else
    profiles.set(thread, { missing: 'the thread is in a native call or a blocking system call, where V8 is not asked' })
  await thread.noteVitals(limits.vitalsAnswerMs)
  if (thread.ended) return
  const quiet = Math.round(verdict.quietMs)
  const what = verdict.kind === 'spinning' ? 'busy in one piece of code' : 'blocked'
  const text = `The thread gave no sign of life for ${quiet} ms while it was ${what}.`
  const error = toRecord(new LazaretError('KERNEL_HUNG', text, { kernel: unit.id, details: { ...verdict } }))
  await thread.kill(found === undefined ? error : { ...error, stack: found.stack })
}

async function takeProfile(thread: Thread): Promise<HangProfile> {
  const { hangProfileForMs, hangProfileMs } = limits
  const profile: CpuProfile | undefined = await profileOfThread(thread.name, hangProfileForMs, hangProfileMs)
  return profile ?? { missing: `no profile could be had within ${hangProfileMs} ms` }
}
