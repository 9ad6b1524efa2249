/**
 * The eleven faults, each with how its outcome is judged from outside: by callers, ledgers and files; the runtime's word
 * is taken for how a crash ended, and for nothing else.
 */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { corruptSnapshot, editFile, flipByte } from './disk-faults.ts'
import { askForbidden, blockLoop, floodTells, killThread, leakMemory, saturateCpu, stallHeartbeat } from './faults.ts'
import { crashed, crashes, endAfter, endOf, type Field, type Judge, rowDeadlineMs } from './field.ts'
import { readLedger } from './ledger.ts'

type Inject = (field: Field) => Promise<Judge>

/** Afterwards the callers must be served; otherwise this is what speaks against the ending. */
async function served({ traffic }: Field, kernels: readonly string[], ending: string): Promise<string> {
  const answers = await Promise.all(kernels.map((kernel) => traffic.probe(kernel)))
  const refusal = answers.find((answer) => answer !== undefined)
  return refusal === undefined ? ending : `${ending}, but callers are not served: ${refusal}`
}

function ends(kernel: string, code: string, fault: (field: Field) => void | Promise<void>): Inject {
  return async (field) => {
    const from = field.watch.place
    await fault(field)
    return async () => served(field, [kernel], await endAfter(field, kernel, from, code))
  }
}

export const loopBlocked = (kernel: string): Inject =>
  ends(kernel, 'KERNEL_HUNG', ({ fleet }) => blockLoop(fleet, kernel))
export const heartbeatStalled = (kernel: string): Inject =>
  ends(kernel, 'KERNEL_HUNG', ({ fleet }) => stallHeartbeat(fleet, kernel))
export const threadKilled = (kernel: string): Inject =>
  ends(kernel, 'KERNEL_EXITED', ({ fleet }) => killThread(fleet, kernel))
export const memoryLeaked = (kernel: string): Inject =>
  ends(kernel, 'KERNEL_OUT_OF_MEMORY', ({ fleet }) => leakMemory(fleet, kernel))

/** More at once than a mailbox holds: what was taken is in the ledger, what was not is a dead letter, and it goes on. */
export function topicFlooded(bus: string, count: number): Inject {
  return async (field) => {
    const from = field.watch.place
    const tokens = Array.from({ length: count }, () => field.traffic.token(bus))
    floodTells(field.fleet, bus, 'publish', (n) => ['stress.flood', { token: tokens[n] }, 'scheduler'], count)
    return async () => {
      const ending = await served(field, [bus], 'withstood')
      if (crashes(field, from, bus).length > 0) return 'it crashed'
      const handled = new Set(readLedger(field.stage.ledger(bus)).map(({ token }) => token))
      const taken = tokens.filter((token) => handled.has(token)).length
      return taken > 0 ? ending : `none of ${count} messages was handled`
    }
  }
}

export function forbiddenPublishes(bus: string, count: number): Inject {
  return async (field) => {
    const from = field.watch.place
    // Only the clock of the house may say what time it is.
    const forged = { method: 'publish', args: ['system.tick', { every: 10 }, 'intruder'], code: 'ACCESS_DENIED' }
    const outcome = await askForbidden(field.fleet, bus, forged, count)
    return async () => {
      if (crashes(field, from, bus).length > 0) return 'it crashed'
      const { refused, allowed, failed } = outcome
      return refused === count ? 'refused' : `${refused} refused, ${allowed} let through, ${failed} failed otherwise`
    }
  }
}

/** A machine that is busy elsewhere makes kernels late, and none of them guilty. */
export function cpuSaturated(ms: number): Inject {
  return async (field) => {
    const from = field.watch.place
    const busy = saturateCpu(ms)
    field.defer(() => busy.end())
    return async () => {
      const during = await served(field, field.stage.kernels, 'withstood')
      await busy.ended
      const [crash] = crashes(field, from)
      return crash === undefined ? during : `${crash.kernel} crashed`
    }
  }
}

/** The newest snapshot is damaged in the moment between a crash and the restart, so that no good one is newer. */
export function snapshotDamaged(kernel: string): Inject {
  return async (field) => {
    const { fleet } = field
    const from = field.watch.place
    const damaged: string[] = []
    const gone = crashed(field, kernel, {
      ...{ from, atOnce: () => damaged.push(corruptSnapshot(fleet.dataDir, kernel, 'damaged')) },
    })
    await killThread(fleet, kernel)
    await gone
    return async () => {
      const ending = await served(field, [kernel], await endOf(field, kernel, from))
      const aside = damaged.every((path) => existsSync(`${path}.corrupt`))
      return damaged.length === 1 && aside ? ending : `${ending}, but the damaged file was not set aside`
    }
  }
}

/**
 * A slip in the fleet file while the kernel runs: it is told, and the kernel goes on, and comes back after a crash, with
 * what it was started with.
 */
export function configDrifted(kernel: string, change: (text: string) => string): Inject {
  return async (field) => {
    const { fleet, stage, watch } = field
    const from = watch.place
    const before = readFileSync(stage.fleetFile, 'utf8')
    editFile(stage.fleetFile, change)
    return async () => {
      const told = await watch.next((event) => event.kernel === kernel && event.type === 'config.drifted', {
        ...{ from, withinMs: rowDeadlineMs },
      })
      if (told === undefined) return 'the drift was not told'
      if (crashes(field, from, kernel).length > 0) return 'it crashed'
      await killThread(fleet, kernel)
      const ending = await served(field, [kernel], await endOf(field, kernel, from))
      writeFileSync(stage.fleetFile, before)
      return ending
    }
  }
}

interface LogSeen {
  readonly ok: boolean
  readonly breaks: number
  readonly index: number
}

async function lookAtLog({ fleet }: Field, log: string): Promise<LogSeen> {
  const { ask } = fleet.ref(log, { deadlineMs: 20_000 })
  const verified = (await ask.verify?.()) as Omit<LogSeen, 'index'>
  const head = (await ask.head?.()) as Pick<LogSeen, 'index'>
  return { ...verified, ...head }
}

/** A byte in the middle of what is on disk: the log must say what is lost, keep the rest, and go on. */
export function logDamaged(log: string): Inject {
  return async (field) => {
    const { fleet } = field
    const before = await lookAtLog(field, log)
    const folder = join(fleet.dataDir, 'kernels', log)
    const segments = readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
    const newest = segments.sort().findLast((name) => statSync(join(folder, name)).size > 0)
    if (newest === undefined) throw new Error(`There is no segment in ${folder}.`)
    const from = field.watch.place
    const gone = crashed(field, log, { from, atOnce: () => void flipByte(join(folder, newest), 0.5) })
    await killThread(fleet, log)
    await gone
    return async () => {
      const ending = await endOf(field, log, from)
      if (ending !== 'restart' && ending !== 'failover') return ending
      const after = await lookAtLog(field, log)
      if (!after.ok) return 'the log has damage that it does not state'
      if (after.breaks !== before.breaks + 1) return `${after.breaks - before.breaks} breaks were stated`
      return after.index > before.index ? 'break stated' : 'an index was given out twice'
    }
  }
}

/** Three killed in one moment, two more hung; the log must come back whole. */
export function severalAtOnce(who: {
  readonly killed: readonly string[]
  readonly hung: readonly [string, string]
  readonly log: string
}): Inject {
  const { killed, hung, log } = who
  return async (field) => {
    const { fleet } = field
    const before = await lookAtLog(field, log)
    const from = field.watch.place
    blockLoop(fleet, hung[0])
    stallHeartbeat(fleet, hung[1])
    await Promise.all(killed.map((kernel) => killThread(fleet, kernel)))
    return async () => {
      const all = [...killed, ...hung]
      const endings = await Promise.all(all.map((kernel) => endOf(field, kernel, from)))
      const after = await lookAtLog(field, log)
      if (!after.ok || after.breaks !== before.breaks) return 'the log is broken'
      return served(field, all, [...new Set(endings)].sort().join(' and '))
    }
  }
}
