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
