/**
 * One switch for all repairs of a runtime, kept in the journal. While it is off nothing is proposed and nothing applied;
 * restarts, quarantine, evidence and degraded modes go on. What the switch holds back waits parked, and has its turn when
 * it is on again. It knows nothing of how a repair is made.
 */
import { LazaretError } from '../base/errors.ts'
import type { Journal } from '../journal/journal.ts'
import type { SettingRow } from '../journal/rows.ts'
import type { House } from './house.ts'
import type { Unit } from './unit.ts'

export interface RepairsState {
  readonly on: boolean
  /** In the words of whoever has switched it. */
  readonly why?: string
  /** Epoch milliseconds, of the last switching; absent where it has never been switched. */
  readonly at?: number
}

/** As the journal has it. */
export function repairsStateIn(row: SettingRow | undefined): RepairsState {
  if (row === undefined) return { on: true }
  const { on, why } = (row.value ?? {}) as { on?: unknown; why?: unknown }
  return { on: on !== false, at: row.at, ...(typeof why === 'string' && { why }) }
}

export class RepairSwitch {
  readonly #journal: Pick<Journal, 'setting' | 'putSetting'>
  #state: RepairsState

  constructor(journal: Pick<Journal, 'setting' | 'putSetting'>) {
    this.#journal = journal
    this.#state = repairsStateIn(journal.setting('repairs'))
  }

  get state(): RepairsState {
    return this.#state
  }

  /** On disk when it returns. @param at epoch milliseconds. */
  set(on: boolean, why: string | undefined, at: number): RepairsState {
    const value = { on, ...(why !== undefined && { why }) }
    this.#journal.putSetting({ name: 'repairs', value, at })
    this.#state = { ...value, at }
    return this.#state
  }
}

/** Why a kernel waits, for people. */
function offText({ why }: RepairsState): string {
  return `repairs are switched off${why === undefined ? '' : ` (${why})`}; to let them go on: lazaret repairs on`
}

/** Parks the kernel where repairs are off; whether they are. */
export function isHeldBack(house: House, unit: Unit): boolean {
  const { state } = house.repairs
  if (state.on) return false
  unit.heldBack = true
  unit.parkedWhy = offText(state)
  unit.instance.send({ type: 'PARK' })
  return true
}

/** @throws LazaretError COMMAND_REFUSED while repairs are off. */
export function refuseWhileOff(house: House, what: string, kernel: string): void {
  const { state } = house.repairs
  if (state.on) return
  const why = state.why === undefined ? '' : ` (${state.why})`
  throw new LazaretError('COMMAND_REFUSED', `${what} of ${kernel} is refused: repairs are switched off${why}.`, {
    kernel,
    details: { repairs: 'off' },
    hint: 'Switch them on first: lazaret repairs on',
  })
}

/**
 * Off: repairs under way are aborted, their processes included, and their kernels wait parked. On: those that it held
 * back are repaired. Switching to what it is already changes the reason, and nothing else.
 */
export function switchRepairs(house: House, on: boolean, why?: string): RepairsState {
  const state = house.repairs.set(on, why, house.clock.now())
  house.events.emit('repairs.switched', undefined, { on, ...(why !== undefined && { why }) })
  for (const unit of house.units.values()) {
    if (on) letGo(unit)
    else if (/^(?:repairing|quarantined\.waiting)/.test(unit.instance.state)) isHeldBack(house, unit)
  }
  return state
}

function letGo(unit: Unit): void {
  if (!unit.heldBack) return
  unit.heldBack = false
  if (unit.instance.state !== 'quarantined.parked') return
  unit.parkedWhy = undefined
  // As one that a person has asked for: an attempt that was aborted is not held against it.
  unit.instance.send({ type: 'REPAIR', byPerson: true })
}
