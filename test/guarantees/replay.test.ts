import { expect, test } from 'vitest'
import { createRuntime } from '../../src/index.ts'
import { fast, house, kernelOf } from '../support/house.ts'

const receiver = kernelOf(`return { api: {
  note(text) { append('noted', text) },
  stop() { append('noted', 'stop'); throw new ReferenceError('stop is not defined') },
} }`)
const sender = kernelOf(
  `return { api: { send(method, ...args) { ctx.ref('receiver').tell[method](...args) }, ping: () => 1 } }`,
)

test('dead letters are sent again as they were, in their order, once, and after a restart of the process too', async () => {
  await using place = await house([
    { id: 'receiver', source: receiver, degraded: { mode: 'reject' }, restart: { ...fast, max: 3 } },
    { id: 'sender', source: sender },
  ])
  const { runtime } = place
  await runtime.kernel('receiver').quarantine()
  const send = (method: string, ...args: unknown[]) => runtime.ref('sender').ask.send?.(method, ...args)
  for (const text of ['one', 'two', 'three']) await send('note', text)
  await send('note', 'x'.repeat(5000))
  await send('stop')
  await send('note', 'after the crash')
  await place.seen(() => place.of('message.deadLettered').length === 6)

  await expect(runtime.replayDeadLetters({ kernel: 'receiver' })).rejects.toMatchObject({
    ...{ code: 'COMMAND_REFUSED', hint: expect.stringContaining('lazaret rejoin receiver') },
  })
  await expect(runtime.replayDeadLetters({})).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  await expect(runtime.replayDeadLetters({ max: 1001 })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  expect(place.lines('noted')).toEqual([])

  await runtime.kernel('receiver').rejoin()
  const first = await runtime.replayDeadLetters({ kernel: 'receiver', max: 2 })
  expect(first).toEqual({ asked: 2, sent: 2, failed: 0, skipped: [], failures: [], left: 3, unsendable: 1 })
  expect(place.lines('noted')).toEqual(['one', 'two'])
  expect(runtime.journal.deadLetters({ ids: [1] })).toMatchObject([
    { from: 'sender', outcome: 'handled', replayedAt: expect.any(Number) },
  ])
  expect(await runtime.replayDeadLetters({ ids: [1, 99] })).toMatchObject({
    ...{ asked: 2, sent: 0 },
    skipped: [
      { ids: [99], reason: expect.stringContaining('no such') },
      { ids: [1], reason: expect.any(String) },
    ],
  })
  expect(await runtime.replayDeadLetters({ ids: [4] })).toMatchObject({
    skipped: [{ ids: [4], reason: expect.stringMatching(/cut at 4096 of \d+ bytes/) }],
  })
  expect(await runtime.replayDeadLetters({ ids: [1], again: true })).toMatchObject({ sent: 1 })
  expect(place.of('deadLetters.replayed').at(-1)).toMatchObject({ asked: 1, sent: 1, failed: 0, skipped: [] })

  await runtime.stop()
  const { folder } = place
  const fleet = ['receiver', 'sender'].map((id) => ({
    ...{ id, entry: `${folder}/${id}/kernel.ts`, restart: { ...fast, max: 3 } },
  }))
  const later = createRuntime({
    ...{ fleet: { kernels: fleet }, log: false, dataDir: `${folder}/data`, quarantineDir: `${folder}/quarantine` },
    playbooksDir: `${folder}/playbooks`,
  })
  try {
    await later.start()
    const rest = await later.replayDeadLetters({ text: 'out of service', max: 100 })
    expect(rest).toMatchObject({ asked: 3, sent: 2, failed: 1, left: 0, unsendable: 1 })
    expect(rest.failures).toEqual([{ id: 5, outcome: expect.stringMatching(/^KERNEL_DOWN: .*stop is not defined/) }])
    expect(rest.skipped).toEqual([
      { ids: [6], reason: 'not sent, because receiver went down while it handled letter 5' },
    ])
    expect(place.lines('noted')).toEqual(['one', 'two', 'one', 'three', 'stop'])
    expect(later.journal.deadLetterCount(), 'a letter that fails again is no second letter').toBe(6)
  } finally {
    await later.stop()
  }
})

test('a message that is parked as poison stays refused, and its letter as it was', async () => {
  await using place = await house([
    { id: 'receiver', source: receiver, restart: { ...fast, max: 5 } },
    { id: 'sender', source: sender },
  ])
  const { runtime } = place
  for (const n of [1, 2, 3]) {
    await runtime.ref('sender').ask.send?.('stop')
    await place.seen(() => place.of('message.deadLettered').length === n)
  }
  const [poisoned] = runtime.journal.deadLetters({ kernel: 'receiver' })
  const done = await runtime.replayDeadLetters({ ids: [poisoned?.id ?? 0] })
  expect(done).toMatchObject({ sent: 0, skipped: [{ reason: expect.stringMatching(/^MESSAGE_POISONED/) }] })
  expect(runtime.journal.deadLetterCount({ replayed: true })).toBe(0)
  expect(place.lines('noted')).toEqual(['stop', 'stop'])
})
