/**
 * Full text over the records of the house. The bus tells which record has changed, its text is asked of the records
 * themselves; a record that could not be had is remembered and asked for again (`catchUp`, which the scheduler tells).
 * The documents are the state; the index is built from them at each start. It owns nothing: what is lost here stands in
 * the records.
 */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import {
  type Change,
  type Document,
  limits,
  needDocument,
  needText,
  readChange,
  refusal,
  shown,
  textOf,
} from './document.ts'
import { type Hit, Library } from './library.ts'

export interface SearchConfig {
  /** Documents kept at most. Default 100000. */
  maxDocuments?: number
  /** How long the records may take to answer. Milliseconds, default 1000. */
  askMs?: number
}
interface SearchState {
  documents: Document[]
  /** Records that changed and could not be had yet. */
  pending: Change[]
}

/** What is asked of the records. */
type Records = { get(kind: string, id: string): Promise<{ value: unknown } | null> }

function needWhole(value: unknown, name: string): asserts value is number {
  if (Number.isSafeInteger(value) && Number(value) > 0) return
  throw refusal('CONFIG_INVALID', `config.${name}: accepted is a whole number above 0. Got: ${String(value)}`)
}

function readState(state: SearchState | undefined): SearchState {
  if (state === undefined) return { documents: [], pending: [] }
  try {
    state.documents.forEach(needDocument)
    return { documents: state.documents, pending: state.pending.map(readChange) }
  } catch (error) {
    throw refusal('STATE_INVALID', `The restored state is no state of a search index: ${(error as Error).message}`)
  }
}

const kernel = defineKernel({
  start(ctx: KernelContext<SearchState, SearchConfig>) {
    const { maxDocuments = 100_000, askMs = 1000 } = ctx.config
    needWhole(maxDocuments, 'maxDocuments')
    needWhole(askMs, 'askMs')
    const { documents, pending: waiting } = readState(ctx.restored)
    const library = new Library(maxDocuments, documents)
    const pending = new Map(waiting.map((change) => [keyOf(change), change]))
    const records = ctx.ref<Records>('records').with({ deadlineMs: askMs, idempotent: true })

    /** False where it could not be had; it is asked for again later. */
    const bring = async (change: Change): Promise<boolean> => {
      const key = keyOf(change)
      try {
        const record = await records.ask.get(change.kind, change.id)
        const text = record === null ? '' : textOf(record.value)
        if (text === '') library.drop(key)
        else library.put({ id: key, text, tags: [change.kind] })
        pending.delete(key)
        return true
      } catch (error) {
        if (pending.size >= limits.pending && !pending.has(key)) {
          ctx.log.error('a changed record is lost to the search: too many wait already', { record: key })
        } else pending.set(key, change)
        ctx.log.warn('a changed record could not be indexed yet', { record: key, error: String(error) })
        return false
      }
    }
    return {
      api: {
        /** A document of the same id is replaced. */
        index: (id: string, text: string, tags: string[] = []): { id: string; replaced: boolean } => ({
          id,
          replaced: library.put({ id, text, tags }),
        }),
        /** The documents that match best, `limit` (1 to 100, default 10) at most. */
        recall(query: string, limit = 10): Hit[] {
          needText(query, 'query', limits.queryChars)
          if (!Number.isSafeInteger(limit) || limit < 1 || limit > limits.recall) {
            throw refusal('INVALID_ARGUMENT', `limit must be 1 to ${limits.recall}. Got: ${shown(limit)}`)
          }
          return library.find(query, limit)
        },
        /** False where there was no such document. */
        drop: (id: string): boolean => library.drop(id),
        size: (): number => library.size,
        /** Asks again for the records that could not be had, until one cannot be had once more. */
        async catchUp(): Promise<{ indexed: number; left: number }> {
          let indexed = 0
          for (const change of [...pending.values()]) {
            if (ctx.signal.aborted || !(await bring(change))) break
            indexed += 1
          }
          return { indexed, left: pending.size }
        },
        /** From the message bus: a record has changed. */
        async onMessage(topic: string, message: unknown): Promise<void> {
          if (topic !== 'record.changed') {
            ctx.log.debug('a message of a topic that is not for the search was left alone', { topic })
            return
          }
          const change = readChange(message)
          if (change.removed !== true) await bring(change)
          else {
            pending.delete(keyOf(change))
            library.drop(keyOf(change))
          }
        },
      },
      snapshot: (): SearchState => ({ documents: library.all(), pending: [...pending.values()] }),
    }
  },
})
export default kernel
export type Search = KernelApi<typeof kernel>

/** The document of a record. */
function keyOf({ kind, id }: Change): string {
  return `${kind}/${id}`
}
