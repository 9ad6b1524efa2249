import fs from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import vault from '../../kernels/vault/kernel.ts'
import { type StartOptions, startKernel, temporaryFolder } from './fake-context.ts'

const start = (options: Partial<StartOptions> = {}) => startKernel(vault, { id: 'vault', ...options })
const modeOf = (file: string) => fs.statSync(file).mode & 0o777

/** A stopped vault with two secrets: its folder and its last snapshot. */
async function filled() {
  const dataDir = temporaryFolder()
  const { ask, snapshot, stop } = await start({ dataDir })
  await ask.put('smtp', 'swordfish')
  await ask.put('hook', 'mackerel')
  const restored = (await snapshot()) as { name: string }[]
  await stop()
  return { dataDir, restored, secrets: join(dataDir, 'secrets.json'), key: join(dataDir, 'vault.key') }
}

test('a secret is open in the answer to get, and nowhere on disk or in the snapshot', async () => {
  const { dataDir, restored } = await filled()
  const written = fs.readdirSync(dataDir).map((file) => fs.readFileSync(join(dataDir, file), 'utf8'))
  for (const text of [JSON.stringify(restored), ...written]) {
    for (const secret of ['swordfish', 'mackerel']) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain(Buffer.from(secret).toString('base64'))
    }
  }
  const { ask } = await start({ dataDir })
  expect(await ask.get('smtp')).toBe('swordfish')
})

test('what was put is there without any snapshot, and what came after the snapshot wins over it', async () => {
  const { dataDir, restored } = await filled()
  const second = await start({ dataDir, restored })
  await second.ask.put('smtp', 'herring')
  const third = await start({ dataDir, restored })
  expect(await third.ask.get('smtp')).toBe('herring')
  expect(await third.ask.put('smtp', 'cod')).toEqual({ version: 3 })
})

test('key and secrets are readable by their owner only; a key that others may read is refused', async () => {
  const { dataDir, secrets, key } = await filled()
  expect([modeOf(secrets), modeOf(key)]).toEqual([0o600, 0o600])
  fs.chmodSync(key, 0o640)
  await expect(start({ dataDir })).rejects.toMatchObject({
    code: 'KEY_FILE_OPEN',
    message: expect.stringContaining('640'),
  })
})

test('the same secret twice looks different each time', async () => {
  const { ask, snapshot } = await start()
  await ask.put('a', 'same')
  await ask.put('b', 'same')
  const [a, b] = (await snapshot()) as { iv: string; text: string }[]
  expect(a?.iv).not.toBe(b?.iv)
  expect(a?.text).not.toBe(b?.text)
})

test('after a rotation the old key is gone, and what it sealed opens with it no more', async () => {
  const { dataDir, restored, key } = await filled()
  const before = fs.readFileSync(key, 'utf8')
  const { ask, snapshot } = await start({ dataDir })
  expect(await ask.rotate()).toEqual({ reencrypted: 2 })
  expect(fs.readFileSync(key, 'utf8').split('\n')).toHaveLength(2)
  expect(fs.readFileSync(key, 'utf8')).not.toContain(before.trim())
  const successor = await start({ dataDir, restored })
  expect(await successor.ask.get('hook'), 'the file wins over the old snapshot').toBe('mackerel')
  const fromSnapshot = await start({ dataDir, restored: await snapshot() })
  expect(await fromSnapshot.ask.get('smtp')).toBe('swordfish')
})

test.each([
  ['the new key could not be written', 1],
  ['the secrets could not be written', 2],
  ['the old key could not be given up', 3],
])('a rotation that ends because %s loses nothing, and the next one goes through', async (_what, failsAt) => {
  const { dataDir, key } = await filled()
  const { ask } = await start({ dataDir })
  const rename = fs.renameSync
  let renames = 0
  const spy = vi.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
    renames += 1
    if (renames === failsAt) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })
    rename(from, to)
  })
  try {
    await expect(ask.rotate()).rejects.toMatchObject({ code: 'ENOSPC' })
  } finally {
    spy.mockRestore()
  }
  expect(await ask.get('smtp')).toBe('swordfish')
  const successor = await start({ dataDir })
  expect(await successor.ask.get('hook')).toBe('mackerel')
  expect(await successor.ask.rotate()).toEqual({ reencrypted: 2 })
  expect(fs.readFileSync(key, 'utf8').trim().split('\n')).toHaveLength(1)
  expect(await successor.ask.get('smtp')).toBe('swordfish')
})

test('a put that cannot be written did not happen', async () => {
  const { ask } = await start()
  await ask.put('smtp', 'swordfish')
  const spy = vi.spyOn(fs, 'renameSync').mockImplementation(() => {
    throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })
  })
  try {
    await expect(ask.put('smtp', 'herring')).rejects.toMatchObject({ code: 'ENOSPC' })
  } finally {
    spy.mockRestore()
  }
  expect(await ask.get('smtp')).toBe('swordfish')
  expect(await ask.put('smtp', 'cod')).toEqual({ version: 2 })
})

test.each([
  ['torn', (text: string) => text.slice(0, -20)],
  ['of another shape', () => '{}'],
  ['altered', (text: string) => text.replace('"version":1', '"version":9')],
])('secrets on disk that are %s are set aside, and those of the snapshot serve', async (_what, damage) => {
  const { dataDir, restored, secrets } = await filled()
  fs.writeFileSync(secrets, damage(fs.readFileSync(secrets, 'utf8')))
  const { ask, logged } = await start({ dataDir, restored })
  expect(await ask.get('smtp')).toBe('swordfish')
  expect(logged).toEqual([expect.stringContaining('damaged')])
  expect(fs.readdirSync(dataDir).filter((file) => file.includes('.damaged-'))).toHaveLength(1)
  const successor = await start({ dataDir })
  expect(await successor.ask.get('hook'), 'they are on disk again').toBe('mackerel')
})

test('an entry that is passed off as another one is not opened', async () => {
  const { dataDir, restored, secrets } = await filled()
  const [smtp, hook] = restored
  fs.rmSync(secrets)
  const swapped = [{ ...smtp, name: hook?.name }]
  await expect(start({ dataDir, restored: swapped })).rejects.toMatchObject({ code: 'SECRET_DAMAGED' })
})

test('without its key, or with another one, it does not start, and the secrets stay where they are', async () => {
  const { dataDir, restored, secrets, key } = await filled()
  const other = await filled()
  const before = fs.readFileSync(secrets, 'utf8')
  fs.copyFileSync(other.key, key)
  await expect(start({ dataDir })).rejects.toMatchObject({ code: 'KEY_UNKNOWN' })
  fs.rmSync(key)
  await expect(start({ dataDir })).rejects.toMatchObject({ code: 'KEY_MISSING' })
  await expect(start({ restored }), 'a snapshot alone is worth nothing').rejects.toMatchObject({ code: 'KEY_MISSING' })
  expect(fs.existsSync(key)).toBe(false)
  expect(fs.readFileSync(secrets, 'utf8')).toBe(before)
  const half = fs.readFileSync(other.key, 'utf8').slice(0, 20)
  fs.writeFileSync(key, half, { mode: 0o600 })
  const refused = await start({ dataDir }).catch((error: Error) => error)
  expect(refused).toMatchObject({ code: 'KEY_INVALID' })
  expect((refused as Error).message, 'no part of a key in an error').not.toContain(half)
})

test('a key file elsewhere is made there, and used again', async () => {
  const keyFile = join(temporaryFolder(), 'own.key')
  const dataDir = temporaryFolder()
  const first = await start({ dataDir, config: { keyFile } })
  await first.ask.put('smtp', 'swordfish')
  expect(modeOf(keyFile)).toBe(0o600)
  expect(fs.readdirSync(dataDir)).toEqual(['secrets.json'])
  const second = await start({ dataDir, config: { keyFile } })
  expect(await second.ask.get('smtp')).toBe('swordfish')
})

test('the limit of secrets holds: replacing is possible, one more is not', async () => {
  const { ask } = await start({ config: { maxSecrets: 1 } })
  await ask.put('a', 'x')
  expect(await ask.put('a', 'y')).toEqual({ version: 2 })
  await expect(ask.put('b', 'x')).rejects.toMatchObject({ code: 'VAULT_FULL' })
})

test.each([
  ['', 'x'],
  [7, 'x'],
  ['x'.repeat(201), 'x'],
  ['a', ''],
  ['a', { token: 'swordfish' }],
  ['a', 'swordfish'.repeat(10_000)],
])('a bad secret is refused with a code that does not repeat it', async (name, secret) => {
  const { ask } = await start()
  const refused = await ask.put(name as string, secret as string).catch((error: Error) => error)
  expect(refused).toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect((refused as Error).message).not.toContain('swordfish')
  expect(await ask.names()).toEqual([])
  await expect(ask.get(name as string)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a bad configuration or state keeps it from starting', async () => {
  await expect(start({ config: { keyFile: 'vault.key' } })).rejects.toThrow('config.keyFile')
  await expect(start({ config: { maxSecrets: 0 } })).rejects.toThrow('config.maxSecrets')
  for (const restored of [{}, [null], [{ name: 'a', version: 0 }], [{ name: 'a', version: 1, key: 'k', iv: 'i' }]]) {
    await expect(start({ restored })).rejects.toMatchObject({ code: 'STATE_INVALID' })
  }
})
