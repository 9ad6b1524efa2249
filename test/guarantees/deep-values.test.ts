/**
 * A thread has more stack than the host: it can write a value that is nested so deeply that the host cannot read it
 * (objects: 14,604 levels written, 2,466 read), and the host can read lists that it cannot write (5,606 and 3,624).
 * Measured on Node 26.10.
 */
import { expect, test } from 'vitest'
import type { LazaretError } from '../../src/index.ts'
import { house, kernelOf } from '../support/house.ts'

const deep = `const objects = (levels) => { let v = {}; for (let n = 0; n < levels; n++) v = { v }; return v }
const lists = (levels) => { let v = []; for (let n = 0; n < levels; n++) v = [v]; return v }`

async function codeOf(reply: Promise<unknown> | undefined): Promise<string> {
  return Promise.resolve(reply).then(
    () => 'OK',
    (error: LazaretError) => error.code,
  )
}

test('a value that only the thread can handle has a clear end, and costs no place in the window', async () => {
  await using place = await house([
    {
      id: 'deep',
      source: kernelOf(
        `const other = ctx.ref('other')
        const outcome = (reply) => reply.then(() => 'OK', (error) => error.code)
        return { api: {
          reply: () => objects(6000),
          ask: () => outcome(other.ask.take(objects(6000))),
          askList: () => outcome(other.ask.take(lists(4500))),
          tell() { other.tell.take(objects(6000)); other.tell.take(lists(4500)); other.tell.take('plain') },
          log() { ctx.log.info('deep', { objects: objects(6000) }); ctx.log.info('plain') },
          ping: () => 1,
        } }`,
        deep,
      ),
    },
    {
      id: 'other',
      source: kernelOf(`return { api: { take(value) { append('taken', typeof value) }, ping: () => 1 } }`),
    },
  ])
  const ref = place.runtime.ref('deep').with({ deadlineMs: 10_000 })
  // More than the window has places.
  for (let turn = 0; turn < 100; turn++) expect(await codeOf(ref.ask.reply?.())).toBe('REPLY_UNCLONABLE')
  expect(await ref.ask.ping?.()).toBe(1)
  expect(await ref.ask.ask?.()).toBe('MESSAGE_UNCLONABLE')
  expect(await ref.ask.askList?.()).toBe('MESSAGE_UNCLONABLE')
  await ref.ask.tell?.()
  await ref.ask.log?.()
  expect(await ref.ask.ping?.()).toBe(1)
  await place.seen(() => place.of('message.deadLettered', 'other').length === 2)
  expect(await place.runtime.ref('other').ask.ping?.()).toBe(1)
  expect(place.lines('taken')).toEqual(['string'])
  const letters = place.runtime.journal.deadLetters({ kernel: 'other' })
  expect(letters.map(({ code, from, method }) => [code, from, method])).toEqual([
    ['MESSAGE_UNCLONABLE', 'deep', 'take'],
    ['MESSAGE_UNCLONABLE', 'deep', 'take'],
  ])
  expect(place.runtime.logs('deep', 10).map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
    'A line of the log is missing: its facts are nested too deeply to be read.',
    'plain',
  ])
  expect(place.of('runtime.failed')).toEqual([])
})
