/** Who reads which newsletter, and since when. Times are epoch milliseconds, given by the caller. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { Reader, type StoredReader } from './reader.ts'

const kernel = defineKernel({
  start(ctx: KernelContext<StoredReader[]>) {
    const readers = new Map((ctx.restored ?? []).map((stored) => [stored.mail, Reader.from(stored)]))

    function readerOf(mail: string): Reader {
      const reader = readers.get(mail) ?? new Reader(mail)
      readers.set(mail, reader)
      return reader
    }
    return {
      api: {
        /** False where the reader had the topic already; the first time stands. */
        subscribe: (mail: string, topic: string, at: number): boolean => readerOf(mail).take(topic, at),
        unsubscribe(mail: string, topic: string): boolean {
          const reader = readers.get(mail)
          const dropped = reader?.drop(topic) ?? false
          if (reader?.topics().length === 0) readers.delete(mail)
          return dropped
        },
        topics: (mail: string): string[] => readers.get(mail)?.topics() ?? [],
        /** The longest subscribed first. */
        readers(topic: string): string[] {
          const all = [...readers.values()].filter((reader) => reader.since(topic) !== undefined)
          all.sort((a, b) => (a.since(topic) ?? 0) - (b.since(topic) ?? 0))
          return all.map(({ mail }) => mail)
        },
      },
      snapshot: (): StoredReader[] => [...readers.values()].map((reader) => reader.stored()),
    }
  },
})
export default kernel
export type Newsletters = KernelApi<typeof kernel>
