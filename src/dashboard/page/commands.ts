/** What a kernel can be told to do, and in which of its states that has a meaning: the page offers nothing else. Pure. */
import type { CommandName } from '../../supervisor/commands.ts'

export interface Offer {
  readonly name: CommandName
  /** On its button. */
  readonly title: string
  /** What will become of it, for whoever has to confirm it; absent where nothing is lost. */
  readonly warning?: string
  /** Where the chart listens to it: states, or the part before the dot. */
  readonly states: readonly string[]
}

export const offers: readonly Offer[] = [
  { name: 'restart', title: 'Restart', states: ['running'] },
  { name: 'repair', title: 'Repair', states: ['quarantined'] },
  { name: 'rejoin', title: 'Rejoin', states: ['quarantined'] },
  {
    name: 'park',
    title: 'Park',
    warning: 'Its repair ends, and it stays out of service until a person lets it rejoin.',
    states: ['failed', 'quarantined.waiting', 'repairing'],
  },
  {
    name: 'quarantine',
    title: 'Quarantine',
    warning: 'It is taken out of service at once, and stays so until a person lets it rejoin.',
    states: ['starting', 'running', 'restarting', 'rejoined'],
  },
]

/** @param state dotted. */
export function isOffered({ states }: Offer, state: string): boolean {
  return states.some((one) => state === one || state.startsWith(`${one}.`))
}
