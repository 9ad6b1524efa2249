/** Alerts of a real runtime, at a real receiver. */
import { expect, test, vi } from 'vitest'
import { climb, type Ladder, misspell } from '../five-steps/ladder.ts'
import { type Posted, receiver } from '../support/receiver.ts'

vi.mock(import('../../src/repair/language-service/child.ts'), async (original) =>
  (await import('../support/language-service.ts')).inThisProcess(original),
)

const told = (posted: readonly Posted[]) =>
  posted.map(({ body }) => `${body.commonLabels.alertname} ${body.commonLabels.kernel} ${body.status}`)

const broken = { 'kernel.ts': "import { nothing } from './missing.ts'\nnothing()\n" }
const mended = `import { defineKernel } from 'lazaret/kernel'
export default defineKernel({ start: () => ({ api: { size: () => 0 } }) })
`

async function spendTheBudget(ladder: Ladder): Promise<void> {
  await ladder.runtime.ref('notes').ask.put?.('a', 'alpha')
  ladder.edit('kernel.ts', misspell)
  await ladder.runtime.kernel('notes').restart()
  await ladder.askUntilDown('find')
}

/** Nothing is tried on it: what is told of that is the subject. */
const parkedAtOnce = (id: string) => ({ id, repair: { autonomy: 'observe' as const } })

test('a budget is spent: firing; the repair holds: resolved', async () => {
  await using server = await receiver()
  await using ladder = await climb({ alerts: { url: server.url } })
  await ladder.until('snapshot.golden', { seen: true })
  await spendTheBudget(ladder)
  await server.sent(1)
  expect(told(server.posted)).toEqual(['LazaretKernelDown notes firing'])
  await ladder.until('kernel.recovered', { seen: true })
  const [firing, resolved] = await server.sent(2)
  expect(told(server.posted)).toEqual(['LazaretKernelDown notes firing', 'LazaretKernelDown notes resolved'])
  const [incident] = ladder.runtime.journal.incidents()
  expect(firing?.body.alerts[0]).toMatchObject({
    labels: { incident: incident?.id, tier: '3' },
    startsAt: new Date(incident?.openedAt ?? 0).toISOString(),
    annotations: { folder: incident?.folder, description: expect.stringContaining('inclodes is not a function') },
  })
  expect(resolved?.body.alerts[0]).toMatchObject({
    ...{ startsAt: firing?.body.alerts[0].startsAt, fingerprint: firing?.body.alerts[0].fingerprint },
    endsAt: new Date(incident?.resolvedAt ?? 0).toISOString(),
  })
})

test('a kernel that needs a person fires of its own; a person mends it, and both are resolved', async () => {
  await using server = await receiver()
  await using ladder = await climb({ files: broken, alerts: { url: server.url } })
  await server.sent(2)
  ladder.edit('kernel.ts', () => mended)
  await ladder.runtime.kernel('notes').rejoin()
  await server.sent(4)
  expect(told(server.posted)).toEqual([
    ...['LazaretKernelDown notes firing', 'LazaretKernelParked notes firing'],
    ...['LazaretKernelDown notes resolved', 'LazaretKernelParked notes resolved'],
  ])
  const starts = server.posted.map(({ body }) => body.alerts[0].startsAt)
  expect(starts.slice(2)).toEqual(starts.slice(0, 2))
})

test('what is open when the process ends fires again in the next one, as the same alerts', async () => {
  await using server = await receiver()
  const first = await climb({ files: broken, alerts: { url: server.url }, keep: true })
  await server.sent(2)
  await first.runtime.stop()
  await using second = await climb({ folder: first.folder, alerts: { url: server.url } })
  await server.sent(4)
  second.edit('kernel.ts', () => mended)
  await second.runtime.kernel('notes').rejoin()
  await server.sent(6)
  expect(told(server.posted).slice(2)).toEqual([
    ...['LazaretKernelDown notes firing', 'LazaretKernelParked notes firing'],
    ...['LazaretKernelDown notes resolved', 'LazaretKernelParked notes resolved'],
  ])
  const identity = server.posted.map(({ body: { alerts } }) => `${alerts[0].fingerprint} ${alerts[0].startsAt}`)
  expect(new Set(identity).size).toBe(2)
})

test('an end that the receiver did not hear of is told by the next process', async () => {
  let isDead = false
  await using server = await receiver(() => (isDead ? 500 : 200))
  const first = await climb({ files: broken, alerts: { url: server.url }, keep: true })
  await server.sent(2)
  isDead = true
  first.edit('kernel.ts', () => mended)
  await first.runtime.kernel('notes').rejoin()
  await first.until('kernel.recovered', { seen: true })
  await first.runtime.stop()
  expect(server.accepted().length).toBe(2)
  const lost = first.events.filter(({ type, dropped }) => type === 'notify.failed' && dropped === true)
  expect(lost.map(({ alert, status }) => `${alert} ${status}`)).toEqual([
    ...['LazaretKernelDown resolved', 'LazaretKernelParked resolved'],
  ])

  isDead = false
  const second = await climb({ folder: first.folder, alerts: { url: server.url }, keep: true })
  await second.until('notify.sent', { seen: true })
  await second.runtime.stop()
  expect(told(server.accepted()).slice(2)).toEqual([
    ...['LazaretKernelDown notes resolved', 'LazaretKernelParked notes resolved'],
  ])
  const [down, parked, ...ends] = server.accepted().map(({ body }) => body.alerts[0])
  expect(ends.map(({ fingerprint, startsAt }) => [fingerprint, startsAt])).toEqual(
    [down, parked].map(({ fingerprint, startsAt }) => [fingerprint, startsAt]),
  )

  // What was told once is not told again.
  await using third = await climb({ folder: first.folder, alerts: { url: server.url } })
  await third.runtime.stop()
  expect(server.accepted()).toHaveLength(4)
})

test('twenty kernels fail at once: one firing each', async () => {
  await using server = await receiver()
  const ids = Array.from({ length: 20 }, (_, n) => `kernel_${n}`)
  await using ladder = await climb({ kernels: ids.map(parkedAtOnce), files: broken, alerts: { url: server.url } })
  await server.sent(40)
  await ladder.runtime.stop()
  expect(told(server.posted).sort()).toEqual(
    ids.flatMap((id) => [`LazaretKernelDown ${id} firing`, `LazaretKernelParked ${id} firing`]).sort(),
  )
  expect(ladder.types().filter((type) => type === 'notify.failed')).toEqual([])
})

test('a receiver that never answers delays neither the fleet nor its end', async () => {
  await using server = await receiver(() => 'never')
  await using ladder = await climb({ kernels: [parkedAtOnce('notes')], files: broken, alerts: { url: server.url } })
  expect(ladder.runtime.status()[0]?.state).toBe('quarantined.parked')
  await server.sent(1)
  const startedMs = performance.now()
  await ladder.runtime.stop()
  expect(performance.now() - startedMs).toBeLessThan(4000)
  await server.idle()
  const types = ladder.types().filter((type) => type === 'notify.failed' || type === 'runtime.stopped')
  expect(types).toEqual(['notify.failed', 'notify.failed', 'runtime.stopped'])
})

test('a function of the user that never settles delays neither the fleet nor its end', async () => {
  await using ladder = await climb({
    kernels: [parkedAtOnce('notes')],
    files: broken,
    notify: () => new Promise(() => {}),
  })
  expect(ladder.runtime.status()[0]?.state).toBe('quarantined.parked')
  await ladder.runtime.stop()
  expect(ladder.types().filter((type) => type === 'notify.failed')).toHaveLength(2)
})
