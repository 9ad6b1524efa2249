import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestRuntime, eventually, ManualClock } from 'lazaret/testing'
import { expect, onTestFinished, test } from 'vitest'

const source = `import { defineKernel } from 'lazaret/kernel'
export default defineKernel({ start() { return { api: { crash() { throw new ReferenceError('no such thing') } } } } })`

async function entry(text = source): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lazaret-kernel-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'kernel.js'), text)
  return join(folder, 'kernel.js')
}

test('a manual clock stands still until it is moved, and runs what is due in the order of its time', () => {
  const clock = new ManualClock(5000)
  const ran: string[] = []
  clock.setTimeout(() => ran.push(`b at ${clock.now()}`), 200)
  clock.setTimeout(() => {
    ran.push(`a at ${clock.now()}`)
    clock.setTimeout(() => ran.push(`c at ${clock.now()}`), 150)
  }, 100)
  clock.clearTimeout(clock.setTimeout(() => ran.push('never'), 150))
  clock.advance(99)
  expect(ran).toEqual([])
  clock.advance(151)
  expect(ran).toEqual(['a at 5100', 'b at 5200', 'c at 5250'])
  expect([clock.now(), clock.monotonicMs(), clock.pending(), clock.armed()]).toEqual([5250, 250, 0, 4])
})

test('a test runtime is real, and gone when its scope ends', async () => {
  const fleet = { kernels: [{ id: 'fragile', entry: await entry(), restart: { backoffMs: 1, stableMs: 50 } }] }
  let folder = ''
  {
    await using house = await createTestRuntime({ fleet })
    folder = house.folder
    const crashed = house.runtime.ref('fragile').ask.crash?.()
    await expect(crashed).rejects.toMatchObject({ code: 'KERNEL_DOWN' })
    const event = await eventually(house, ({ type }) => type === 'kernel.recovered')
    expect(event).toMatchObject({ kernel: 'fragile', healedBy: 'restart' })
    // What has happened already is found, too.
    expect(await eventually(house, ({ type }) => type === 'kernel.crashed')).toMatchObject({ failures: 1 })
    expect(await readdir(folder)).toContain('data')
    await expect(eventually(house, () => false, 1)).rejects.toThrow('No such event in 1 ms. The last ones: ')
    await expect(eventually(house, () => JSON.parse('{'))).rejects.toThrow(SyntaxError)
  }
  expect(existsSync(folder)).toBe(false)
})

test('a test runtime that cannot start leaves nothing', async () => {
  const before = (await readdir(tmpdir())).filter((name) => name.startsWith('lazaret-test-'))
  await expect(createTestRuntime({ fleet: { kernels: [] } })).rejects.toMatchObject({ code: 'FLEET_INVALID' })
  const after = (await readdir(tmpdir())).filter((name) => name.startsWith('lazaret-test-'))
  expect(after.filter((name) => !before.includes(name))).toEqual([])
})
