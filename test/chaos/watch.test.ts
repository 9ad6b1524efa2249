import { expect, test } from 'vitest'
import { Watch } from '../../src/chaos/watch.ts'
import type { LazaretEvent } from '../../src/index.ts'

const event = (type: string, kernel: string) => ({ type, kernel, at: 0, seq: 0 }) as unknown as LazaretEvent
const ofA = ({ kernel }: LazaretEvent) => kernel === 'a'

test('a wait finds what came after its place, and not what came before', async () => {
  const watch = new Watch(new AbortController().signal)
  watch.hear(event('kernel.crashed', 'a'))
  const from = watch.place
  watch.hear(event('kernel.recovered', 'a'))
  expect((await watch.next(ofA, { from, withinMs: 1000 }))?.type).toBe('kernel.recovered')
})

test("what is to be done at once is done in the turn of the event, and its error is the waiter's", async () => {
  const watch = new Watch(new AbortController().signal)
  const done: string[] = []
  const waiting = watch.next(ofA, { withinMs: 1000, atOnce: () => void done.push('done') })
  watch.hear(event('kernel.crashed', 'a'))
  expect(done).toEqual(['done'])
  await waiting
  const failing = watch.next(ofA, {
    withinMs: 1000,
    atOnce: () => {
      throw new Error('no snapshot')
    },
  })
  watch.hear(event('kernel.crashed', 'a'))
  await expect(failing).rejects.toThrow('no snapshot')
})

test('nobody waits when the time or the run is over', async () => {
  const over = new AbortController()
  const watch = new Watch(over.signal)
  expect(await watch.next(ofA, { withinMs: 1 })).toBeUndefined()
  const waiting = watch.next(ofA, { withinMs: 60_000 })
  over.abort()
  expect(await waiting).toBeUndefined()
  expect(await watch.next(ofA, { withinMs: 60_000 })).toBeUndefined()
})
