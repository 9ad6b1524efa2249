/** Regressions of the ladder's kernel, and the calls that show them. */
import { type Ladder, misspell, notesCheck, notesKernel } from '../five-steps/ladder.ts'

/** The kernel in two files, so that a repair has two to write. */
export const twoFiles = {
  'kernel.ts': notesKernel
    .replace("'lazaret/kernel'\n", "'lazaret/kernel'\nimport { matches } from './match.ts'\n")
    .replace('text.includes(query)', 'matches(text, query)'),
  'match.ts': 'export function matches(text, query) {\n  return text.includes(query)\n}\n',
  'check.ts': notesCheck,
}

export function breakBoth(edit: Ladder['edit']): void {
  edit('kernel.ts', (text) => text.replace('matches(text, query)', 'matches(text.toUperCase(), query)'))
  edit('match.ts', misspell)
}

/** Asks with arguments that differ each time, until an incident of the kernel is open. */
export async function failUntilDown({ runtime }: Pick<Ladder, 'runtime'>): Promise<void> {
  const notes = runtime.ref('notes').with({ deadlineMs: 300 })
  const isOut = () => runtime.kernel('notes').status().incident !== undefined
  for (let turn = 0; turn < 20 && !isOut(); turn++) {
    await notes.ask.find?.(`query ${turn}`).catch(() => 'out of service, or crashed')
  }
}
