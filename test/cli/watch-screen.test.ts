import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import type { LazaretEvent } from '../../src/base/events.ts'
import { type Watched, watchScreen } from '../../src/cli/watch-screen.ts'
import type { KernelStatus } from '../../src/supervisor/status.ts'

function kernel(id: string, change: Partial<KernelStatus> = {}): KernelStatus {
  return {
    ...{ id, tier: 3, state: 'running.steady', servedBy: 'instance', epoch: 1, standbys: { ready: 0, of: 0 } },
    ...{ failures: 0, restartsLeft: 3, stateSince: 0, timers: [], uptimeMs: 61_000, heapMb: 10, externalMb: 1 },
    ...{ budget: { failures: 0, starts: 1, max: 3, attempts: 0, maxAttempts: 3 }, cpu: 0.01, elu: 0.01 },
    ...{ mailbox: 0, handled: 7, starts: {} as KernelStatus['starts'] },
    ...change,
  }
}

const parked = { state: 'quarantined.parked', servedBy: 'reject', why: 'no repair holds' } as const
const event = (seq: number, change: Partial<LazaretEvent> = {}): LazaretEvent => ({
  ...{ type: 'kernel.quarantined', kernel: 'k7', at: 1_000_000 + seq, seq },
  ...change,
})

function fleet(count: number, change: Partial<Watched> = {}): Watched {
  const kernels = Array.from({ length: count }, (_, n) => kernel(`k${n}`))
  return { dataDir: '.lazaret', kernels, repairs: { on: true }, events: [], ...change }
}

const draw = (watched: Watched, width: number, height: number) =>
  watchScreen(watched, { width, height, nowMs: 2_000_000 }).map(stripVTControlCharacters)

test('whatever the size of the terminal, the screen fits it', () => {
  const kernels = Array.from({ length: 300 }, (_, n) => kernel(`kernel_longer_${n}`, n % 7 === 0 ? parked : {}))
  const events = Array.from({ length: 50 }, (_, n) => event(n, { kernel: 'kernel_longer_7' }))
  for (const [width, height] of [
    ...([
      [80, 24],
      [120, 40],
      [60, 10],
      [200, 60],
      [20, 5],
    ] as const),
  ]) {
    const lines = draw(fleet(0, { kernels, events, repairs: { on: false, why: 'x'.repeat(300) } }), width, height)
    expect.soft(lines.length, `${width}x${height}`).toBeLessThanOrEqual(height)
    if (width >= 60) expect.soft(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
  }
})

test('where all fit they stand in the order of the fleet, and where not, whoever is in trouble comes first', () => {
  const kernels = fleet(30)
    .kernels.with(29, kernel('k29', parked))
    .with(20, kernel('k20', { failures: 2 }))
  const roomy = draw(fleet(0, { kernels }), 120, 60)
  expect(roomy.findIndex((line) => line.startsWith('k0 '))).toBeLessThan(
    roomy.findIndex((line) => line.startsWith('k29 ')),
  )
  const tight = draw(fleet(0, { kernels }), 120, 16)
  expect(tight[3]).toMatch(/^k29 .*quarantined\.parked/)
  expect(tight[4]).toMatch(/^k20 /)
  expect(tight.some((line) => /^and \d+ more, all of them well$/.test(line))).toBe(true)
})

test('a person is told what is to be done, and what happened last', () => {
  const kernels = [kernel('orders', parked), kernel('search', { incident: 'inc_1' })]
  const events = [event(1), event(2, { type: 'snapshot.taken' }), event(3, { type: 'kernel.rejoined' })]
  const text = draw(fleet(0, { kernels, events }), 120, 24).join('\n')
  expect(text).toContain('orders is parked: no repair holds. Mend it, then: lazaret rejoin orders')
  expect(text).toContain('search: see lazaret incidents inc_1')
  expect(text).toMatch(/quarantined {2}k7 {2}out of service\n.*rejoined/)
  expect(text).not.toContain('snapshot')
})

test('a runtime that went away is said first, above where its kernels stood', () => {
  const [head, , ...rest] = draw(fleet(2, { lostAt: 1_988_000 }), 120, 24)
  expect(head).toContain('The runtime in .lazaret went away 12.0 s ago; trying again')
  expect(rest.join('\n')).toContain('k1')
})
