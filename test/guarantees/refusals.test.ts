/** What cannot be used is refused with a code, before or instead of half a start. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createRuntime } from '../../src/index.ts'
import { fast, house, kernelOf } from '../support/house.ts'

const calm = kernelOf('return { api: { ping: () => 1 } }')

test.each(['{ api: null }', '{ api: 5 }', '{}', 'null', 'undefined'])(
  'a start() that returns %s is malformed, and no restart is wasted on it',
  async (returned) => {
    await using place = await house([
      {
        id: 'odd',
        source: kernelOf(`return ${returned}`),
        restart: { max: 3, ...fast },
        repair: { autonomy: 'observe' },
      },
    ])
    expect(place.of('kernel.crashed', 'odd')).toMatchObject([
      { error: { code: 'KERNEL_MALFORMED' }, phase: 'start', permanent: true },
    ])
    expect(place.runtime.kernel('odd').status().state).toBe('quarantined.parked')
  },
)

test('a data directory that is a file, or whose control socket cannot be made, is said so', async () => {
  await using place = await house([{ id: 'calm', source: calm }], { start: false })
  const fleet = { kernels: [{ id: 'calm', entry: join(place.folder, 'calm', 'kernel.ts') }] }
  const file = join(place.folder, 'file')
  writeFileSync(file, '')
  const wrong = createRuntime({ fleet, dataDir: file, log: false })
  await expect(wrong.start()).rejects.toMatchObject({
    code: 'JOURNAL_FAILED',
    message: expect.stringContaining(file),
    hint: expect.stringContaining('dataDir'),
  })
  await wrong.stop()

  mkdirSync(join(place.folder, 'data', 'control.sock'), { recursive: true })
  await expect(place.runtime.start()).rejects.toMatchObject({
    code: 'CONTROL_FAILED',
    message: expect.stringContaining(join('data', 'control.sock')),
  })
})
