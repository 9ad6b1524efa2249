/** The message bus of the fleet, under 1,000 asks a second, loses its thread twice: its standby takes over. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { killThread } from '../../src/chaos/index.ts'
import { createRuntime, type LazaretEvent } from '../../src/index.ts'

const witness = (folder: string) => `import { appendFileSync } from 'node:fs'
import { defineKernel } from 'lazaret/kernel'
export default defineKernel({ start: () => ({ api: {
  onMessage(topic, { n }) { appendFileSync(${JSON.stringify(join(folder, 'heard'))}, n + '\\n') },
  idle: () => true,
} }) })
`

test('no ask is left unsettled, none is handled twice, and the order is kept', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-bus-'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'witness.ts'), witness(folder))
  const runtime = createRuntime({
    fleet: {
      kernels: [
        {
          ...{
            id: 'message_bus',
            entry: fileURLToPath(new URL('../../kernels/message_bus/kernel.ts', import.meta.url)),
          },
          ...{ tier: 1, replicas: 1, repair: { autonomy: 'observe' } },
          restart: { max: 1, stableMs: 60_000, backoffMs: 5, backoffMaxMs: 5 },
          config: { subscriptions: { 'sea.news': ['witness'] } },
        },
        { id: 'witness', entry: join(folder, 'witness.ts') },
      ],
    },
    ...{ dataDir: join(folder, 'data'), quarantineDir: join(folder, 'quarantine'), log: false },
    playbooksDir: join(folder, 'playbooks'),
  })
  const events: LazaretEvent[] = []
  runtime.on('event', (event) => events.push(event))
  const seen = (type: string) =>
    expect.poll(() => events.some((event) => event.type === type), { timeout: 15_000 }).toBe(true)
  try {
    await runtime.start()
    await seen('standby.ready')
    const { ask } = runtime.ref('message_bus').with({ deadlineMs: 8000 })
    const outcomes: Promise<string>[] = []
    const load = setInterval(() => {
      for (let burst = 0; burst < 5; burst += 1) {
        const published = Promise.resolve(ask.publish?.('sea.news', { n: outcomes.length }, 'test'))
        outcomes.push(
          published.then(
            () => 'OK',
            ({ code }: { code: string }) => code,
          ),
        )
      }
    }, 5)
    await expect.poll(() => outcomes.length, { timeout: 15_000 }).toBeGreaterThan(300)
    await killThread(runtime, 'message_bus')
    await seen('kernel.restarted')
    await expect.poll(() => outcomes.length, { timeout: 15_000 }).toBeGreaterThan(700)
    await killThread(runtime, 'message_bus')
    await seen('failover.completed')
    const from = outcomes.length
    await expect.poll(() => outcomes.length, { timeout: 15_000 }).toBeGreaterThan(from + 300)
    clearInterval(load)

    const settled = await Promise.all(outcomes)
    await runtime.ref('witness').ask.idle?.()
    const heard = readFileSync(join(folder, 'heard'), 'utf8').trim().split('\n').map(Number)
    expect(heard, 'in order, and nothing twice').toEqual([...new Set(heard)].toSorted((a, b) => a - b))
    const lost = settled.flatMap((code, n) => (code === 'OK' ? [] : [{ n, code }]))
    // Only what was in its hands at a kill, and that says so.
    expect(lost.length).toBeLessThanOrEqual(2)
    expect(lost.filter(({ code }) => code !== 'KERNEL_DOWN')).toEqual([])
    const replied = settled.flatMap((code, n) => (code === 'OK' ? [n] : []))
    expect(
      replied.filter((n) => !heard.includes(n)),
      'what was replied to was handled',
    ).toEqual([])
    expect(runtime.kernel('message_bus').status()).toMatchObject({ servedBy: 'standby', epoch: 3 })
  } finally {
    await runtime.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})
