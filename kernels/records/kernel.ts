/**
 * Documents that are kept by kind and id, each with a version that rises with every change, so that of two writers who
 * both read version 3 only one can write version 4. Every change is told to the message bus as `record.changed`; without
 * the bus this kernel goes on. It does not search and knows nothing of what a value means.
 */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { limits, needKind, needNumber, needText, type Saved, Store, type Stored } from './store.ts'

export interface RecordsConfig {
  /** Records kept at most; one more is refused. Default 100000. */
  maxRecords?: number
  /** Characters of JSON that all values together may have. Default 50000000, which is well within a heap of 512 MB. */
  maxChars?: number
}
export interface Change {
  kind: string
  id: string
  /** The version that came to be, or the last one of a record that was removed. */
  version: number
  removed?: true
}

const kernel = defineKernel({
  start(ctx: KernelContext<Saved, RecordsConfig>) {
    const { maxRecords = 100_000, maxChars = 50_000_000 } = ctx.config
    needNumber('CONFIG_INVALID', maxRecords, 'config.maxRecords', 1)
    needNumber('CONFIG_INVALID', maxChars, 'config.maxChars', 1)
    const store = new Store(ctx.restored, maxRecords, maxChars)
    const publish = (change: Change): void => ctx.ref('message_bus').tell.publish?.('record.changed', change, ctx.id)
    const need = (kind: string, id: string): void => {
      needKind(kind)
      needText(id, 'id', limits.idChars)
    }
    return {
      api: {
        /**
         * Keeps a value: anything that JSON keeps as it is. With `expectedVersion` only where the record has that version
         * (0: where there is none), or else it is refused with VERSION_CONFLICT and nothing is written.
         */
        put(kind: string, id: string, value: unknown, expectedVersion?: number): { version: number } {
          need(kind, id)
          if (expectedVersion !== undefined) needNumber('INVALID_ARGUMENT', expectedVersion, 'expectedVersion', 0)
          const version = store.put(kind, id, value, ctx.now(), expectedVersion)
          publish({ kind, id, version })
          return { version }
        },
        get(kind: string, id: string): Omit<Stored, 'id'> | null {
          need(kind, id)
          const found = store.get(kind, id)
          return found === undefined ? null : { value: found.value, version: found.version, at: found.at }
        },
        /** The records of a kind in the order of their ids, `count` (1 to 1000, default 100) at most, after that id. */
        list(kind: string, after = '', count = 100): Stored[] {
          needKind(kind)
          if (after !== '') needText(after, 'after', limits.idChars)
          needNumber('INVALID_ARGUMENT', count, 'count', 1, limits.listed)
          return store.list(kind, after, count)
        },
        /** False where there was no such record. */
        remove(kind: string, id: string): boolean {
          need(kind, id)
          const version = store.remove(kind, id)
          if (version !== undefined) publish({ kind, id, version, removed: true })
          return version !== undefined
        },
        /** Of one kind, or of all. */
        count(kind?: string): number {
          if (kind !== undefined) needKind(kind)
          return store.count(kind)
        },
      },
      snapshot: () => store.saved(),
    }
  },
})
export default kernel
export type Records = KernelApi<typeof kernel>
