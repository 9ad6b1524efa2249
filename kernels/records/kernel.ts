/**
 * Versioned documents, by kind and id. Who writes may say which version it read: where somebody else was faster, the
 * write is refused and nothing is lost. Each change is told to the message bus as `record.changed`, for whoever keeps
 * an index or a copy; without the bus this kernel goes on. What a document means, it does not know.
 */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { toJson } from './json.ts'
import { isId, isKind, readState, refusal, Store, type Stored, type StoreState } from './store.ts'

export interface RecordsConfig {
  /** Records at most; one more is refused. 1 to 1000000, default 100000. */
  max?: number
}
export interface FoundRecord {
  value: unknown
  version: number
  /** Epoch milliseconds. */
  at: number
}
/** What is published on `record.changed`. */
export interface RecordChange {
  kind: string
  id: string
  version: number
  removed?: true
}

const maxList = 1000

function needPlace(kind: unknown, id: unknown): void {
  if (!isKind(kind)) {
    const accepted = 'small letters and digits, joined by . _ or -, 64 characters at most'
    throw refusal('INVALID_ARGUMENT', `kind: accepted are ${accepted}. Got: ${JSON.stringify(kind) ?? String(kind)}`)
  }
  if (isId(id)) return
  const got = typeof id === 'string' ? `${id.length} characters` : typeof id
  throw refusal('INVALID_ARGUMENT', `id must be a text of 1 to 200 characters that is not blank. Got: ${got}`)
}

function needVersion(version: unknown): void {
  if (version === undefined || (Number.isSafeInteger(version) && Number(version) >= 0)) return
  throw refusal('INVALID_ARGUMENT', `expectedVersion must be a whole number, 0 for none. Got: ${String(version)}`)
}

const found = ({ text, version, at }: Stored): FoundRecord => ({ value: JSON.parse(text) as unknown, version, at })

const kernel = defineKernel({
  start(ctx: KernelContext<StoreState, RecordsConfig>) {
    const { max = 100_000 } = ctx.config
    if (!Number.isSafeInteger(max) || max < 1 || max > 1_000_000) {
      throw refusal('CONFIG_INVALID', `config.max: accepted is a whole number from 1 to 1000000. Got: ${String(max)}`)
    }
    const store = new Store(max, readState(ctx.restored))
    const publish = (change: RecordChange) => ctx.ref('message_bus').tell.publish?.('record.changed', change, ctx.id)
    return {
      api: {
        /**
         * Keeps a JSON value, in the place of what was there. With `expectedVersion` only where the record has that
         * version (0: only where there is none), else VERSION_CONFLICT.
         */
        put(kind: string, id: string, value: unknown, expectedVersion?: number): { version: number } {
          needPlace(kind, id)
          needVersion(expectedVersion)
          const { version } = store.put(kind, id, toJson(value), expectedVersion, ctx.now())
          publish({ kind, id, version })
          return { version }
        },
        get(kind: string, id: string): FoundRecord | null {
          needPlace(kind, id)
          const stored = store.get(kind, id)
          return stored === undefined ? null : found(stored)
        },
        /** By id, from the one named `from` (or the next after it) on, `count` (1 to 1000, default 100) at most. */
        list(kind: string, from = '', count = 100): (FoundRecord & { id: string })[] {
          needPlace(kind, from === '' ? 'any' : from)
          if (!Number.isSafeInteger(count) || count < 1 || count > maxList) {
            throw refusal('INVALID_ARGUMENT', `count must be 1 to ${maxList}. Got: ${String(count)}`)
          }
          return store.list(kind, from, count).map((stored) => ({ id: stored.id, ...found(stored) }))
        },
        /** False where there was no such record. */
        remove(kind: string, id: string, expectedVersion?: number): boolean {
          needPlace(kind, id)
          needVersion(expectedVersion)
          const version = store.remove(kind, id, expectedVersion)
          if (version !== undefined) publish({ kind, id, version, removed: true })
          return version !== undefined
        },
        /** Of one kind, or of all. */
        count(kind?: string): number {
          if (kind !== undefined) needPlace(kind, 'any')
          return store.count(kind)
        },
      },
      snapshot: (): StoreState => store.state(),
    }
  },
})
export default kernel
export type Records = KernelApi<typeof kernel>
