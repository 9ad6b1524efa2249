import fs from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import outbox from '../../kernels/outbox/kernel.ts'
import { LazaretError } from '../../src/base/errors.ts'
import { type Answers, handlerFailed, type StartOptions, startKernel, temporaryFolder } from './fake-context.ts'

const start = (options: Partial<StartOptions> = {}) => startKernel(outbox, { id: 'outbox', ...options })
const message = (id: string) => ({ id, to: 'https://hooks.example/x', subject: 'news', body: `of ${id}` })
const files = (folder: string) => fs.readdirSync(folder).sort()

/** Webhooks that deliver everything but what `refuse` throws for. */
function webhooksWith(refuse: (id: string) => void = () => {}) {
  const delivered: string[] = []
  const answers: Answers = {
    'webhooks.send': ({ id }: { id: string }) => {
      refuse(id)
      delivered.push(id)
      return { id, status: 'delivered', attempts: 1 }
    },
  }
  return { delivered, answers }
}

test('what is kept is handed over oldest first, as it was sent, and then it is gone', async () => {
  const { delivered, answers } = webhooksWith()
  const { ask, asked, dataDir } = await start({ answers })
  for (const id of ['z', 'a', 'm']) expect(await ask.send(message(id))).toEqual({ id, status: 'kept' })
  expect(await ask.pending()).toBe(3)
  expect(await ask.flush(2)).toEqual({ delivered: 2, failed: 0, setAside: 0, left: 1 })
  expect(await ask.flush()).toEqual({ delivered: 1, failed: 0, setAside: 0, left: 0 })
  expect(delivered).toEqual(['z', 'a', 'm'])
  expect(asked[0]?.args).toEqual([message('z')])
  expect(files(dataDir)).toEqual([])
})

test('what is kept outlives the kernel, without a snapshot, and its order goes on', async () => {
  const dataDir = temporaryFolder()
  const first = await start({ dataDir })
  await first.ask.send(message('one'))
  await first.ask.send(message('two'))
  const { delivered, answers } = webhooksWith()
  const second = await start({ dataDir, answers })
  await second.ask.send(message('three'))
  await second.ask.flush()
  expect(delivered).toEqual(['one', 'two', 'three'])
})

test('a message of an id that is kept already is not kept twice', async () => {
  const { ask } = await start()
  await ask.send(message('one'))
  await ask.send({ ...message('one'), body: 'other words' })
  expect(await ask.pending()).toBe(1)
  const { id } = await ask.send({ to: 'http://a.example/', subject: 's', body: '' })
  expect(id).toMatch(/^[0-9a-f-]{36}$/)
  expect(await ask.pending()).toBe(2)
})

test('when the webhooks are away the flush ends, says so, and nothing is lost', async () => {
  const { ask, asked } = await start()
  await ask.send(message('one'))
  await ask.send(message('two'))
  expect(await ask.flush()).toEqual({
    ...{ delivered: 0, failed: 0, setAside: 0, left: 2 },
    why: expect.stringContaining('webhooks is out of service'),
  })
  expect(asked, 'the second one is not tried').toHaveLength(1)
})

test('when their route leads back here, nothing counts as delivered and nothing is doubled', async () => {
  const answers: Answers = {}
  const { ask, api } = await start({ answers })
  answers['webhooks.send'] = (each) => api.send(each)
  await ask.send(message('one'))
  expect(await ask.flush()).toMatchObject({ delivered: 0, left: 1, why: 'the webhooks are out of service' })
  answers['webhooks.send'] = () => {
    throw new LazaretError('ASK_CYCLE', 'The ask would wait on itself.')
  }
  expect(await ask.flush()).toMatchObject({ delivered: 0, left: 1, why: expect.stringContaining('wait on itself') })
  expect(await ask.stats()).toMatchObject({ kept: 1, delivered: 0, pending: 1 })
})

test('a receiver that is down holds up no other message, and its own is tried last', async () => {
  let isDown = true
  const { delivered, answers } = webhooksWith((id) => {
    if (id === 'down' && isDown) throw handlerFailed('webhooks', 'DELIVERY_FAILED')
  })
  const { ask } = await start({ answers })
  for (const id of ['down', 'a', 'b']) await ask.send(message(id))
  expect(await ask.flush()).toEqual({ delivered: 2, failed: 1, setAside: 0, left: 1 })
  await ask.send(message('c'))
  isDown = false
  expect(await ask.flush(1)).toMatchObject({ delivered: 1, left: 1 })
  expect(await ask.flush(1)).toMatchObject({ delivered: 1, left: 0 })
  expect(delivered).toEqual(['a', 'b', 'c', 'down'])
})

test('a message over which the webhooks crash is tried last; when it is poison it is set aside', async () => {
  let code: 'KERNEL_DOWN' | 'MESSAGE_POISONED' = 'KERNEL_DOWN'
  const { delivered, answers } = webhooksWith((id) => {
    if (id === 'bad') throw new LazaretError(code, 'webhooks crashed.', { kernel: 'webhooks' })
  })
  const { ask } = await start({ answers })
  for (const id of ['bad', 'a', 'b']) await ask.send(message(id))
  expect(await ask.flush()).toMatchObject({ delivered: 0, left: 3, why: expect.stringContaining('crashed') })
  expect(await ask.flush(2)).toMatchObject({ delivered: 2, left: 1 })
  code = 'MESSAGE_POISONED'
  expect(await ask.flush()).toEqual({ delivered: 0, failed: 0, setAside: 1, left: 0 })
  expect(delivered).toEqual(['a', 'b'])
})

test.each(['DELIVERY_REFUSED', 'HOST_NOT_ALLOWED', 'INVALID_URL', 'INVALID_ARGUMENT'])(
  'a message that can never be delivered (%s) is set aside and not deleted',
  async (code) => {
    const { answers } = webhooksWith((id) => {
      if (id === 'bad') throw handlerFailed('webhooks', code)
    })
    const { ask, dataDir, logged } = await start({ answers })
    await ask.send(message('bad'))
    await ask.send(message('good'))
    expect(await ask.flush()).toEqual({ delivered: 1, failed: 0, setAside: 1, left: 0 })
    expect(files(dataDir)).toEqual(['000000000001-bad.json.refused'])
    expect(await ask.stats()).toEqual({ kept: 2, delivered: 1, refused: 1, damaged: 0, pending: 0, aside: 1 })
    expect(logged).toHaveLength(1)
  },
)

test.each([
  ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 20)],
  ['empty', () => Buffer.alloc(0)],
  ['changed by a byte', (bytes: Buffer) => Buffer.from(bytes.toString().replace('of one', 'of onf'))],
  ['another JSON', () => Buffer.from('null')],
  ['an object of another kind', () => Buffer.from('{}')],
])('a file that is %s is set aside, counted, and holds up no other', async (_, damage) => {
  const { delivered, answers } = webhooksWith()
  const { ask, dataDir } = await start({ answers })
  await ask.send(message('one'))
  await ask.send(message('two'))
  const file = join(dataDir, files(dataDir)[0] ?? '')
  const damaged = damage(fs.readFileSync(file))
  fs.writeFileSync(file, damaged)
  expect(await ask.flush()).toEqual({ delivered: 1, failed: 0, setAside: 1, left: 0 })
  expect(delivered).toEqual(['two'])
  expect(fs.readFileSync(`${file}.damaged`), 'nothing is deleted').toEqual(damaged)
  expect(await ask.stats()).toMatchObject({ damaged: 1, aside: 1 })
})

test('what was half written when the process died is cleared away: nobody was told that it is kept', async () => {
  const dataDir = temporaryFolder()
  fs.writeFileSync(join(dataDir, '000000000007-x.json.tmp'), '{"sha')
  const { ask } = await start({ dataDir })
  expect(await ask.pending()).toBe(0)
  await ask.send(message('next'))
  expect(files(dataDir)).toEqual(['000000000008-next.json'])
})

test('messages are taken in while a flush waits, and a second flush leaves the first one alone', async () => {
  const gate = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const answers: Answers = {
    'webhooks.send': async ({ id }) => {
      begun.resolve()
      await gate.promise
      return { id, status: 'delivered', attempts: 1 }
    },
  }
  const { ask } = await start({ answers })
  await ask.send(message('one'))
  const flushed = ask.flush()
  await begun.promise
  await ask.send(message('two'))
  expect(await ask.flush()).toMatchObject({ delivered: 0, left: 2, why: 'another flush is at work' })
  gate.resolve()
  expect(await flushed).toMatchObject({ delivered: 1, left: 1 })
})

test('a full outbox refuses, and takes the next message when one has gone', async () => {
  const { answers } = webhooksWith()
  const { ask } = await start({ config: { maxMessages: 1 }, answers })
  await ask.send(message('one'))
  expect(await ask.send(message('one')), 'that one is kept already').toMatchObject({ status: 'kept' })
  await expect(ask.send(message('two'))).rejects.toMatchObject({ code: 'OUTBOX_FULL' })
  await ask.flush()
  expect(await ask.send(message('two'))).toMatchObject({ status: 'kept' })
})

test.each([
  [null, 'INVALID_ARGUMENT'],
  [{ ...message('a'), subject: '' }, 'INVALID_ARGUMENT'],
  [{ ...message('a'), body: undefined }, 'INVALID_ARGUMENT'],
  [{ ...message('a'), to: 'file:///etc/hosts' }, 'INVALID_URL'],
  [{ ...message('a'), to: 'hooks.example' }, 'INVALID_URL'],
  [message('../../out'), 'INVALID_ARGUMENT'],
  [message('.hidden'), 'INVALID_ARGUMENT'],
  [message('x'.repeat(101)), 'INVALID_ARGUMENT'],
])('a bad message is refused with a code, and leaves no file: %j', async (bad, code) => {
  const { ask, dataDir } = await start()
  await expect(ask.send(bad as never)).rejects.toMatchObject({ code })
  expect(files(dataDir)).toEqual([])
})

test('the largest message is taken', async () => {
  const { ask } = await start()
  const largest = { ...message('x'.repeat(100)), subject: 's'.repeat(500), body: 'ü'.repeat(262_144) }
  expect(await ask.send(largest)).toMatchObject({ status: 'kept' })
})

test('a successor goes on with the counts; a bad configuration or state keeps it from starting', async () => {
  const { answers } = webhooksWith()
  const first = await start({ answers })
  await first.ask.send(message('one'))
  await first.ask.flush()
  const second = await start({ restored: await first.snapshot() })
  expect(await second.ask.stats()).toMatchObject({ kept: 1, delivered: 1 })
  await expect(start({ config: { maxMessages: 0 } })).rejects.toThrow('config.maxMessages')
  await expect(start({ restored: { kept: 1 } })).rejects.toMatchObject({ code: 'STATE_INVALID' })
  await expect(second.ask.flush(0)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(second.ask.flush(1001)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})
