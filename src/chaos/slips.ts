/** How lasting defects come about: a slip in the source, in the fleet file or in a state, or a message that nobody expected. */
import { corruptSnapshot, editFile } from './disk-faults.ts'
import type { Edit } from './edit.ts'
import { killThread } from './faults.ts'
import { crashed, type Field, restart } from './field.ts'
import { editSource } from './stage.ts'

/** Edits the source and starts the kernel anew, as a deployment does. */
export function deploys(...edits: readonly [Edit, ...Edit[]]): (field: Field) => Promise<undefined> {
  return async (field) => {
    for (const edit of edits) editSource(field.stage, edit)
    await restart(field, edits[0].kernel)
    return undefined
  }
}

/** Edits the fleet file and starts the kernel anew. */
export function configures(kernel: string, change: (text: string) => string): (field: Field) => Promise<undefined> {
  return async (field) => {
    editFile(field.stage.fleetFile, change)
    await restart(field, kernel)
    return undefined
  }
}

/** A state under a hash that holds, as a kernel with a bug would leave it, while the kernel is down for a moment. */
export function corruptsState(kernel: string, how: (state: unknown) => unknown): (field: Field) => Promise<undefined> {
  return async (field) => {
    const { fleet } = field
    const from = field.watch.place
    // Between the crash and the restart, so that no good snapshot is newer.
    const atOnce = () => void corruptSnapshot(fleet.dataDir, kernel, how)
    const gone = crashed(field, kernel, { from, atOnce })
    await killThread(fleet, kernel)
    await gone
    return undefined
  }
}

/** The same message again and again, as a caller that retries would send it, until it is refused or the callers give up. */
export function insists(kernel: string, method: string, ...args: unknown[]): (field: Field) => Promise<undefined> {
  return async ({ fleet }) => {
    const { ask } = fleet.ref(kernel, { deadlineMs: 10_000 })
    for (let tries = 0; tries < 5; tries++) {
      const code = await Promise.resolve(ask[method]?.(...args)).then(
        () => 'OK',
        (error: { code?: string }) => error.code,
      )
      if (code === 'MESSAGE_POISONED' || code === 'OK') break
    }
    return undefined
  }
}
