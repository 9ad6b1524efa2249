/**
 * What a person can do with a hotfix that has held: write it into the source files, or take it back. Both are told to the
 * kernel in its own terms, and both are in the journal before they have an effect. Printing them is the command line's
 * part.
 */
import { LazaretError } from '../base/errors.ts'
import type { HotfixRow } from '../journal/rows.ts'
import { startAnew } from './commands.ts'
import { loadHotfixes, takeBack } from './hotfixing.ts'
import type { House } from './house.ts'
import { refuseWhileOff } from './repair-switch.ts'
import { type KernelStatus, statusOf } from './status.ts'
import { type TakenOver, takeOver } from './taking-over.ts'
import type { Unit } from './unit.ts'

export class HotfixDesk {
  readonly #house: () => House

  /** @param house throws where the runtime takes no commands. */
  constructor(house: () => House) {
    this.#house = house
  }

  /**
   * Writes a steady hotfix into the source files that it mends, all of them or none. The kernel goes on running; the
   * files that were left, and why, are in the result.
   * @throws LazaretError NOT_FOUND; COMMAND_REFUSED where it is not in force, its kernel is not steady with it, it changes
   * no source, or repairs are switched off.
   */
  async apply(id: string): Promise<TakenOver> {
    const { house, unit, row } = this.#find(id)
    if (unit.hotfix?.id !== id) throw notInForce(row, unit)
    refuseWhileOff(house, 'Writing a hotfix', unit.id)
    return takeOver(house, unit)
  }

  /**
   * Takes a steady hotfix back: the kernel is started anew without it, where it runs, and with the one before it, where
   * there was one. A playbook that was learnt from it is suspended, so that it does not come back by itself.
   * @throws LazaretError NOT_FOUND; COMMAND_REFUSED where it is not the one in force.
   */
  async revert(id: string): Promise<KernelStatus> {
    const { house, unit, row } = this.#find(id)
    const { hotfix } = unit
    if (hotfix?.id !== id || hotfix.onProbation) throw notInForce(row, unit)
    await takeBack(house, unit, hotfix, 'rolledBack')
    unit.hotfix = undefined
    const { incident, remedy } = hotfix
    house.events.emit('hotfix.rolledBack', unit.id, { incident, hotfix: id, agent: remedy.agent, by: 'person' })
    for (const { playbook } of house.journal.playbookUses(incident)) await house.playbooks.failed(playbook, unit.id)
    await loadHotfixes(house, unit)
    // Elsewhere than in service the next start goes without it.
    return unit.instance.snapshot.can({ type: 'RESTART' }) ? startAnew(unit) : statusOf(unit)
  }

  #find(id: string): { house: House; unit: Unit; row: HotfixRow } {
    const house = this.#house()
    const row = house.journal.hotfix(id)
    if (row === undefined) {
      const text = `There is no hotfix ${JSON.stringify(id)}.`
      throw new LazaretError('NOT_FOUND', text, { hint: 'List them: lazaret hotfixes' })
    }
    const unit = house.units.get(row.kernel)
    if (unit !== undefined) return { house, unit, row }
    const text = `The hotfix ${id} is of ${row.kernel}, which the fleet does not have.`
    throw new LazaretError('UNKNOWN_KERNEL', text, { kernel: row.kernel })
  }
}

/** A clear word for each of the ways in which a hotfix is not the one in force. */
function notInForce({ id, kernel, status, file }: HotfixRow, unit: Unit): LazaretError {
  const [why, hint] = {
    probation: ['it is on probation', `To take it back: lazaret quarantine ${kernel}`],
    steady: [
      `a later hotfix (${unit.hotfix?.id ?? 'none'}) has it in it`,
      'Do this to the later one. See: lazaret hotfixes',
    ],
    rolledBack: ['it was taken back', `What it was is in ${file}`],
    dropped: ['it was dropped', `What it was is in ${file}`],
    writing: ['it is being written into your files', 'See: lazaret hotfixes'],
    written: [
      'it is written into your files',
      `To take it back, change them (git checkout), then: lazaret restart ${kernel}`,
    ],
  }[status]
  return new LazaretError('COMMAND_REFUSED', `The hotfix ${id} of ${kernel} is not in force by itself: ${why}.`, {
    kernel,
    details: { hotfix: id, status },
    ...(hint && { hint }),
  })
}
