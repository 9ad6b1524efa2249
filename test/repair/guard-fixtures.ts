/** A kernel with a method that a null query crashes, whatever else is in the message. */
import { notesCheck, notesKernel } from '../five-steps/ladder.ts'

export const recallFiles = {
  'kernel.ts': notesKernel.replace(
    'size: () => notes.size,',
    `recall(query, limit) {
          const wanted = query.trim()
          const found = [...notes.values()].filter((text) => text.includes(wanted))
          return limit === 0 ? found.length : Math.min(found.length, limit)
        },
        size: () => notes.size,`,
  ),
  'check.ts': notesCheck,
}
