/**
 * Points between two steps of a repair at which no event is emitted. The runtime's own methods and the file system's are
 * wrapped in this process, so that what is on disk is what a kill -9 at that very place leaves behind.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { Journal } from '../../src/journal/journal.ts'
import { HotfixStore } from '../../src/repair/hotfix.ts'
import { IntentStore } from '../../src/repair/source-files.ts'

const die = () => process.kill(process.pid, 'SIGKILL')

/** Renames into the user's folder: each puts a source file in its place. */
function killAroundRename(folder: string, nth: number, before: boolean): void {
  const { renameSync } = fs
  let met = 0
  fs.renameSync = (from, to) => {
    const isSource = String(to).startsWith(`${folder}/`) && String(to).endsWith('.ts')
    if (isSource) met += 1
    if (isSource && before && met === nth) die()
    renameSync(from, to)
    if (isSource && !before && met === nth) die()
  }
  syncBuiltinESMExports()
}

const cuts: Readonly<Record<string, (folder: string) => void>> = {
  'the hotfix is written and its row is not': () => {
    const { write } = HotfixStore.prototype
    HotfixStore.prototype.write = async function (hotfix) {
      const path = await write.call(this, hotfix)
      die()
      return path
    }
  },
  'the row is written and the kernel has not rejoined': () => {
    const { putHotfix } = Journal.prototype
    Journal.prototype.putHotfix = function (row) {
      putHotfix.call(this, row)
      setImmediate(die)
    }
  },
  'what is to be written into the files is known, and the journal does not know of it': () => {
    const { write } = IntentStore.prototype
    IntentStore.prototype.write = async function (intent) {
      await write.call(this, intent)
      die()
    }
  },
  'the journal knows that files are written, and none is': (folder) => killAroundRename(folder, 1, true),
  'the first of two source files is written': (folder) => killAroundRename(folder, 1, false),
  'the second of two source files is about to be put in place': (folder) => killAroundRename(folder, 2, true),
  'both source files are written, and the journal does not know': () => {
    const { updateHotfix } = Journal.prototype
    Journal.prototype.updateHotfix = function (id, patch) {
      if (patch.status === 'written') die()
      return updateHotfix.call(this, id, patch)
    }
  },
  'a repair did not hold, and the journal does not know': () => {
    const { updateHotfix } = Journal.prototype
    Journal.prototype.updateHotfix = function (id, patch) {
      if (patch.status === 'rolledBack') die()
      return updateHotfix.call(this, id, patch)
    }
  },
}

export const cutNames = Object.keys(cuts)

/** @param point a name of this table, or something else, which is left to the caller. */
export function cutAt(point: string, folder: string): void {
  cuts[point]?.(fs.realpathSync(folder))
}
