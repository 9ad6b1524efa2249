import { expect, test } from 'vitest'
import type { Notice } from '../../src/index.ts'
import { climb, fast, misspell } from './ladder.ts'

test('a spent budget ends the restarts: one critical incident, a task, and word to the operators', async () => {
  const notices: Notice[] = []
  await using ladder = await climb({
    kernels: [{ id: 'notes', restart: { ...fast.restart, max: 2, stableMs: 10_000 }, repair: { autonomy: 'observe' } }],
    notify: (notice) => void notices.push(notice),
  })
  ladder.edit('kernel.ts', misspell)
  await ladder.runtime.ref('notes').ask.put?.('a', 'alpha')
  await ladder.runtime.kernel('notes').restart()
  await ladder.askUntilDown('find')
  await ladder.until('kernel.parked', { seen: true })

  // 1 + max starts, and not one more: the first crash of the bad code is the first failure.
  expect(ladder.types().filter((type) => type === 'kernel.crashed')).toHaveLength(3)
  expect(ladder.types().filter((type) => type === 'restart.exhausted')).toHaveLength(1)
  expect(ladder.types().filter((type) => type === 'incident.opened')).toHaveLength(1)
  const [status] = ladder.runtime.status()
  expect(status).toMatchObject({ state: 'quarantined.parked', restartsLeft: 0 })

  const [incident] = ladder.runtime.journal.incidents()
  expect(incident).toMatchObject({ kernel: 'notes', status: 'open', count: 1, tier: 3, phase: 'message' })
  expect(incident?.error.message).toContain('text.inclodes is not a function')
  expect(status?.incident).toBe(incident?.id)

  const [task] = ladder.runtime.journal.tasks({ status: 'open' })
  expect(task).toMatchObject({ type: 'fix_kernel_failure', kernel: 'notes', priority: 10, incident: incident?.id })
  expect(task?.diagnosticPath).toBe(incident?.folder)
  expect(task?.log.length).toBeGreaterThan(0)
  expect(task?.log.length).toBeLessThanOrEqual(10)

  expect(notices.map(({ kind }) => kind)).toEqual(['incident.opened', 'kernel.parked'])
  expect(notices[0]?.text).toContain('inclodes')
})

test('the same failure while its incident is open counts it up instead of opening another', async () => {
  await using ladder = await climb({ kernels: [{ id: 'notes', repair: { autonomy: 'observe' } }] })
  await ladder.runtime.ref('notes').ask.put?.('a', 'alpha')
  ladder.edit('kernel.ts', misspell)
  await ladder.runtime.kernel('notes').restart()
  await ladder.askUntilDown('find')
  await ladder.until('kernel.parked', { seen: true })
  await ladder.runtime.kernel('notes').rejoin()
  const repeated = ladder.until('incident.repeated')
  const parked = ladder.until('kernel.parked')
  await ladder.runtime
    .ref('notes')
    .with({ deadlineMs: 400 })
    .ask.find?.('other')
    .catch(() => 'down, as it should be')
  expect((await repeated).count).toBe(2)
  await parked
  expect(ladder.runtime.journal.incidents()).toHaveLength(1)
})

test('an operator function that throws is reported and is never in the way', async () => {
  await using ladder = await climb({
    kernels: [{ id: 'notes', repair: { autonomy: 'observe' } }],
    files: { 'kernel.ts': "import { nothing } from './missing.ts'\nnothing()\n" },
    notify: () => {
      throw new Error('pager is down')
    },
  })
  expect(ladder.runtime.status()[0]?.state).toBe('quarantined.parked')
  expect(ladder.types()).toContain('notify.failed')
})
