/** What holds repairs back: so many an hour, one switch for all, and the time for which a suggestion may be approved. */
import { execFileSync } from 'node:child_process'
import { expect, test, vi } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { LazaretEvent } from '../../src/index.ts'
import { climb, fast, type Ladder, type LadderOptions, misspell } from '../five-steps/ladder.ts'

vi.mock(import('../../src/repair/language-service/child.ts'), async (original) =>
  (await import('../support/language-service.ts')).inThisProcess(original),
)

/** Goes as the system's does, and is put forward by hand. */
function aheadClock() {
  const ahead = { ms: 0 }
  return { ahead, clock: { ...systemClock, now: () => Date.now() + ahead.ms } }
}
const hourMs = 3_600_000

/** The code is broken anew, in another way each time, so that no playbook knows it. */
async function regress(ladder: Ladder, n: number): Promise<void> {
  await ladder.runtime.ref('notes').ask.put?.('a', 'alpha')
  ladder.edit('kernel.ts', (text) => `${text}// ${n}\n`.replace('text.includes(query)', `text.misspelt${n}(query)`))
  ladder.edit('kernel.ts', (text) => text.replace(/text\.misspelt\d+\(/, `text.misspelt${n}(`))
  await ladder.runtime.kernel('notes').restart()
}

async function heal(ladder: Ladder, n: number): Promise<LazaretEvent> {
  await regress(ladder, n)
  const recovered = ladder.until('kernel.recovered')
  await ladder.askUntilDown('find')
  const event = await recovered
  await ladder.until('snapshot.golden')
  return event
}

async function failAndPark(ladder: Ladder, n: number): Promise<LazaretEvent> {
  await regress(ladder, n)
  const parked = ladder.until('kernel.parked')
  await ladder.askUntilDown('find')
  return parked
}

const one = (repair: object, more: object = {}): Pick<LadderOptions, 'kernels'> => ({
  kernels: [{ id: 'notes', ...fast, repair, ...more }],
})
const applied = (ladder: Ladder) => ladder.types().filter((type) => type === 'hotfix.applied').length

test('at the limit a repair is applied, one past it waits for a person, and an hour later one is applied again', {
  timeout: 180_000,
}, async () => {
  const { ahead, clock } = aheadClock()
  const first = await climb({ ...one({ maxPerHour: 1 }), clock, keep: true })
  await first.until('snapshot.golden', { seen: true })
  await heal(first, 1)
  expect(applied(first)).toBe(1)
  await first.runtime.stop()

  // The count is the journal's: another process is held to it as well.
  const second = await climb({ ...one({ maxPerHour: 1 }), clock, folder: first.folder, keep: true })
  const parked = await failAndPark(second, 2)
  const oldest = second.runtime.journal.hotfixes('notes').at(-1)?.at ?? 0
  expect(parked.why).toContain('1 repair was applied')
  expect(parked.why).toContain(new Date(oldest + hourMs).toISOString())
  expect(parked.why).toMatch(/lazaret approve task_/)
  expect(applied(second)).toBe(0)
  // A person is not held back.
  const recovered = second.until('kernel.recovered')
  await second.runtime.kernel('notes').repair()
  await recovered
  expect(applied(second)).toBe(1)
  await second.runtime.stop()

  ahead.ms = 2 * hourMs
  await using third = await climb({ ...one({ maxPerHour: 1 }), clock, folder: first.folder })
  await heal(third, 3)
  expect(applied(third)).toBe(1)
})

test('the restore of a tier 1 kernel counts, and past the limit it is a proved suggestion', async () => {
  const { clock } = aheadClock()
  await using ladder = await climb({ ...one({ maxPerHour: 1 }, { tier: 1 }), clock })
  await ladder.until('snapshot.golden', { seen: true })
  expect(await heal(ladder, 1)).toMatchObject({ healedBy: 'restore' })
  expect(ladder.runtime.journal.hotfixes('notes')).toMatchObject([{ agent: 'restore.all' }])
  expect((await failAndPark(ladder, 2)).why).toContain('1 repair was applied')
  expect(ladder.types().filter((type) => type === 'repair.verified')).toHaveLength(1)
  const [task] = ladder.runtime.journal.tasks({ status: 'open' })
  const recovered = ladder.until('kernel.recovered')
  await ladder.runtime.approve(task?.id ?? '')
  await recovered
})

/** Processes of the sandbox that this one, or one of its children, has started. */
function candidates(): number {
  const lines = execFileSync('ps', ['-e', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).trim().split('\n')
  const all = lines.map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [])
  const ours = new Set([String(process.pid)])
  for (const [, pid = '', parent = ''] of all) if (ours.has(parent)) ours.add(pid)
  return all.filter(([, , parent = '', args = '']) => ours.has(parent) && args.includes('--permission')).length
}

test('while repairs are off one under way is ended and its kernel waits; on again it is repaired', async () => {
  const first = await climb({ keep: true })
  await first.until('snapshot.golden', { seen: true })
  await regress(first, 1)
  const parked = first.until('kernel.parked')
  first.runtime.on('event', ({ type }) => {
    if (type === 'repair.proposed') first.runtime.setRepairs(false, 'a deployment')
  })
  await first.askUntilDown('find')
  expect((await parked).why).toMatch(/switched off \(a deployment\).*lazaret repairs on/)
  expect(first.types()).toContain('repairs.switched')
  expect(first.runtime.kernel('notes').status()).toMatchObject({ state: 'quarantined.parked', servedBy: 'buffer' })
  const refused = { code: 'COMMAND_REFUSED', message: expect.stringContaining('switched off') }
  await expect(first.runtime.kernel('notes').repair()).rejects.toMatchObject(refused)
  await first.runtime.stop()
  expect(first.types()).not.toContain('repair.verified')
  expect(candidates()).toBe(0)

  // The switch, and what it holds back, outlive the process.
  await using second = await climb({ folder: first.folder })
  expect(second.runtime.repairs).toMatchObject({ on: false, why: 'a deployment' })
  expect(second.runtime.kernel('notes').status()).toMatchObject({ why: expect.stringContaining('switched off') })
  const recovered = second.until('kernel.recovered')
  second.runtime.setRepairs(true)
  expect(await recovered).toMatchObject({ healedBy: 'code' })
  expect(second.runtime.repairs).not.toHaveProperty('why')
})

test('while repairs are off quarantine, evidence and degraded mode go on', async () => {
  await using ladder = await climb()
  await ladder.until('snapshot.golden', { seen: true })
  ladder.runtime.setRepairs(false)
  await failAndPark(ladder, 1)
  for (const type of ['incident.opened', 'diagnostics.captured', 'kernel.quarantined', 'degraded.entered'] as const)
    expect(ladder.types()).toContain(type)
  for (const type of ['repair.started', 'repair.proposed', 'hotfix.applied'] as const)
    expect(ladder.types()).not.toContain(type)
})

test('a suggestion may be approved until it expires; then it is proved anew', async () => {
  const { ahead, clock } = aheadClock()
  const suggest = one({ autonomy: 'suggest', expiresMs: hourMs })
  const first = await climb({ ...suggest, clock, keep: true })
  await first.until('snapshot.golden', { seen: true })
  await failAndPark(first, 1)
  const [task] = first.runtime.journal.tasks({ status: 'open' })
  const id = task?.id ?? ''
  expect(task?.expiresAt).toBeGreaterThan(clock.now() + hourMs - 60_000)
  ahead.ms = hourMs
  const refused = {
    code: 'COMMAND_REFUSED',
    message: expect.stringContaining('expired at'),
    hint: 'Prove it anew: lazaret repair notes',
  }
  await expect(first.runtime.approve(id)).rejects.toMatchObject(refused)
  expect(first.events.find(({ type }) => type === 'task.expired')).toMatchObject({ task: id, agent: 'minimal-revert' })
  expect(first.runtime.journal.task(id)).not.toHaveProperty('remedy')
  await expect(first.runtime.approve(id)).rejects.toMatchObject(refused)
  expect(first.runtime.kernel('notes').status()).toMatchObject({ why: expect.stringContaining('lazaret repair notes') })
  await first.runtime.kernel('notes').repair()
  expect(first.runtime.journal.task(id)).toMatchObject({
    remedy: { agent: 'minimal-revert' },
    expiresAt: expect.any(Number),
  })
  await first.runtime.stop()

  // Nobody looked while no runtime ran: the next one does before it does anything else.
  ahead.ms += 2 * hourMs
  await using second = await climb({ ...suggest, clock, folder: first.folder })
  expect(second.types()).toContain('task.expired')
  expect(second.runtime.kernel('notes').status()).toMatchObject({ why: expect.stringContaining('has expired') })
  // The evidence is as old, and still there.
  await second.runtime.kernel('notes').repair()
  const recovered = second.until('kernel.recovered')
  await second.runtime.approve(id)
  expect(await recovered).toMatchObject({ healedBy: 'code' })
})

test('one timer closes suggestions by itself', async () => {
  await using ladder = await climb(one({ autonomy: 'suggest', expiresMs: 400 }))
  await ladder.until('snapshot.golden', { seen: true })
  ladder.edit('kernel.ts', misspell)
  const expired = ladder.until('task.expired')
  await failAndPark(ladder, 1)
  expect(await expired).toMatchObject({ kernel: 'notes', agent: 'minimal-revert' })
})

test('a rejected suggestion does not expire any more', async () => {
  const { ahead, clock } = aheadClock()
  const first = await climb({ ...one({ autonomy: 'suggest', expiresMs: hourMs }), clock, keep: true })
  await first.until('snapshot.golden', { seen: true })
  await failAndPark(first, 1)
  const id = first.runtime.journal.tasks({ status: 'open' })[0]?.id ?? ''
  await first.runtime.reject(id)
  await first.runtime.stop()
  ahead.ms = 2 * hourMs
  await using second = await climb({ ...one({ autonomy: 'suggest' }), clock, folder: first.folder })
  expect(second.types()).not.toContain('task.expired')
  expect(second.runtime.kernel('notes').status()).toMatchObject({ why: 'a person rejected the proved repair' })
})
