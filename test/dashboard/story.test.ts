import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { EventType } from '../../src/base/events.ts'
import { limits } from '../../src/base/limits.ts'
import type { RemedyStep, Verdict } from '../../src/base/remedy.ts'
import { storyOf } from '../../src/dashboard/story.ts'
import { Journal } from '../../src/journal/journal.ts'
import { openJournalReadOnly } from '../../src/journal/reader.ts'
import type { IncidentRow, TaskRow } from '../../src/journal/rows.ts'
import { makePatch } from '../../src/repair/patch.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { statusOf } from './desk.ts'

const row: IncidentRow = {
  ...{ id: 'inc_1', kernel: 'notes', fingerprint: 'abc', tier: 2, status: 'open', openedAt: 1000, count: 1 },
  phase: 'message',
  error: {
    name: 'TypeError',
    message: 'bad',
    stack: 'TypeError: bad',
    cause: { name: 'Error', message: 'token=hunter2' },
  },
}

const patch = makePatch('kernel.ts', 'a\nb\n', 'a\nc\n')
const steps: RemedyStep[] = [{ do: 'apply_patch', file: 'kernel.ts', preimageSha256: '', patch }]
const remedy = { agent: 'model', healedBy: 'code' as const, steps, why: 'b was wrong' }
const verdict = (passed: boolean): Verdict => ({
  ...{ passed, isolation: 'permission', durationMs: 20 },
  ...(passed ? {} : { refusal: 'check: no' }),
  lines: [{ name: 'check', passed, detail: passed ? 'It holds.' : 'no', durationMs: 10 }],
})

function opened(): { journal: Journal; dataDir: string; tell: (type: EventType, at: number, facts?: object) => void } {
  const dataDir = mkdtempSync(join(tmpdir(), 'lazaret-story-'))
  const journal = Journal.open(dataDir, new ManualClock())
  onTestFinished(() => {
    journal.close()
    rmSync(dataDir, { recursive: true, force: true })
  })
  let seq = 0
  return {
    ...{ journal, dataDir },
    tell(type, at, facts = {}) {
      seq += 1
      journal.append({ type, at, seq, kernel: 'notes', ...facts })
    },
  }
}

const crash = { error: { name: 'TypeError', message: 'bad' }, phase: 'message' }

test('a repaired incident has its attempts, its diff, its hotfix, its playbook and those before it', () => {
  const { journal, tell } = opened()
  journal.openIncident({ ...row, id: 'inc_0', openedAt: 10 })
  journal.updateIncident('inc_0', { status: 'resolved', resolvedAt: 20, healedBy: 'state' })
  tell('kernel.crashed', 5, crash)
  tell('kernel.recovered', 20)
  tell('kernel.crashed', 900, crash)
  for (const [at, decision] of [
    [5, 'crashed'],
    [900, 'crashed'],
    [1500, 'crashed'],
  ] as const) {
    journal.recordFailure({
      kernel: 'notes',
      at,
      fingerprint: at === 1500 ? 'other' : 'abc',
      error: row.error,
      phase: 'message',
      decision,
    })
  }
  journal.openIncident(row)
  tell('incident.opened', 1000, { incident: 'inc_1' })
  const attempt = { incident: 'inc_1', healedBy: 'code' as const, steps, at: 1100 }
  journal.recordAttempt({ ...attempt, n: 1, agent: 'guard', why: 'x', verdict: verdict(false), outcome: 'refused' })
  journal.recordAttempt({
    ...attempt,
    n: 2,
    agent: 'model',
    why: 'b was wrong',
    verdict: verdict(true),
    outcome: 'verified',
  })
  const hotfix = { ...remedy, id: 'fix_1', kernel: 'notes', incident: 'inc_1', file: '/x', at: 1200 }
  journal.putHotfix({ ...hotfix, status: 'steady' })
  tell('hotfix.applied', 1200, { incident: 'inc_1', agent: 'model', why: 'b was wrong' })
  tell('playbook.generated', 1900, { name: 'code-abc', trust: 'trial' })
  journal.addPlaybookVersion({
    kernel: 'notes',
    at: 1900,
    change: 'generated code-abc',
    playbook: 'code-abc',
    text: 'name: code-abc\n',
  })
  journal.addPlaybookVersion({
    kernel: 'notes',
    at: 1950,
    change: 'generated other',
    playbook: 'other',
    text: 'name: other\n',
  })
  journal.updateIncident('inc_1', {
    status: 'resolved',
    resolvedAt: 2000,
    healedBy: 'code',
    resolution: 'model: b was wrong',
  })
  tell('incident.resolved', 2000, { incident: 'inc_1', healedBy: 'code', tookMs: 1000 })

  const story = storyOf({ journal, nowMs: 3000 }, 'inc_1')
  expect(story.headline).toEqual({
    what: 'TypeError: bad <- Error: token=[redacted] (while it handled a message)',
    now: 'Healed by a patch of its code, 1.0 s after it was opened.',
    tone: 'good',
  })
  expect(story.errors.map(({ name, message }) => [name, message])).toEqual([
    ['TypeError', 'bad'],
    ['Error', 'token=[redacted]'],
  ])
  expect(story.failures.map(({ at, same }) => [at, same])).toEqual([
    [900, true],
    [1500, false],
  ])
  expect(story.ladder.map(({ title }) => title)).toEqual([
    'Escalated',
    'Evidence captured',
    'Repair applied',
    'Learnt',
    'Resolved',
  ])
  expect(story.ladder[0]).toMatchObject({ at: 900, endAt: 1000 })
  expect(story.attempts.map(({ n, role, proof }) => [n, role, proof?.passed])).toEqual([
    [1, undefined, false],
    [2, 'applied', true],
  ])
  expect(story.attempts[1]?.steps[0]).toMatchObject({
    words: 'Patches kernel.ts at line 2 (1 hunk, 1 out, 1 in)',
    diffs: [{ added: 1 }],
  })
  expect(story.hotfix).toMatchObject({ id: 'fix_1', status: 'steady' })
  expect(story.playbook).toEqual({
    ...{ name: 'code-abc', role: 'learnt', text: 'name: code-abc\n' },
    versions: [{ version: 1, at: 1900, change: 'generated code-abc' }],
  })
  expect(story.related).toEqual([{ id: 'inc_0', openedAt: 10, status: 'resolved', healedBy: 'state' }])
  expect(story.evidence.problems).toEqual(['there is no evidence folder'])
})

const task: TaskRow = {
  ...{
    id: 'task_1',
    incident: 'inc_1',
    kernel: 'notes',
    type: 'fix_kernel_failure' as const,
    priority: 10,
    status: 'open' as const,
  },
  ...{ error: 'bad', diagnosticPath: '', log: [], createdAt: 1000, remedy, expiresAt: 9000 },
}

test('a proved repair waits for a word, until somebody has given it; what was said stands in the ladder', () => {
  const { journal, tell } = opened()
  journal.openIncident(row)
  tell('incident.opened', 1000, { incident: 'inc_1' })
  journal.recordAttempt({ incident: 'inc_1', n: 1, ...remedy, verdict: verdict(true), at: 1100, outcome: 'verified' })
  journal.createTask({ ...task, claimedBy: 'ann', claimedAt: 1200 })
  tell('kernel.parked', 1100, { incident: 'inc_1', why: 'a proved repair waits for approval' })
  const parked = statusOf('notes', { state: 'quarantined.parked', servedBy: 'buffer' })
  const waiting = storyOf({ journal, nowMs: 2000, status: () => parked }, 'inc_1')
  expect(waiting.headline).toMatchObject({ tone: 'calm', need: expect.stringContaining('approve it or reject it') })
  expect(waiting.task).toEqual({
    ...{ id: 'task_1', createdAt: 1000, waits: true, expiresAt: 9000 },
    claim: { by: 'ann', until: 1200 + limits.taskClaimMs },
  })
  expect(waiting.attempts[0]?.role).toBe('waiting')
  tell('command.given', 2100, { kernel: undefined, op: 'approve', by: 'dashboard', params: { task: 'task_1' } })
  const back = statusOf('notes', { state: 'rejoined.probation', servedBy: 'instance' })
  const approved = storyOf({ journal, nowMs: 2200, status: () => back }, 'inc_1')
  expect(approved.headline).toMatchObject({ now: 'Repaired, and back on probation, its instance answers.' })
  expect(approved.headline.need).toBeUndefined()
  expect(approved.task?.waits).toBe(false)
  expect(approved.ladder.at(-1)?.parts.at(-1)?.text).toBe('a person says approve, by dashboard')
})

test('the journal of a runtime that is gone tells the same, and where the kernel was left', () => {
  const { journal, dataDir, tell } = opened()
  journal.openIncident(row)
  tell('incident.opened', 1000, { incident: 'inc_1' })
  journal.commitKernel({
    ...{ id: 'notes', state: 'quarantined.parked', failures: 3, attempts: 1, starts: 2, incident: 'inc_1', at: 1100 },
    facts: { parkedWhy: 'no agent had anything to propose' },
  })
  journal.close()
  const reader = openJournalReadOnly(dataDir)
  onTestFinished(() => reader.close())
  const story = storyOf({ journal: reader, nowMs: 2000 }, 'inc_1')
  expect(story.headline).toMatchObject({
    now: 'Parked: no agent had anything to propose.',
    need: 'Mend it, then let it rejoin; or ask for another repair.',
  })
  expect(story.kernel).toMatchObject({ live: false, budget: { failures: 3, starts: 2, attempts: 1 } })
})

test('100,000 events and hundreds of attempts are told within bounds', () => {
  const { journal, tell } = opened()
  journal.openIncident(row)
  tell('incident.opened', 1000, { incident: 'inc_1' })
  for (let n = 0; n < 100_000; n++) tell('message.deadLettered', 1001 + n, { from: 'host', method: 'find' })
  for (let n = 0; n < limits.storyEvents + 10; n++) tell('task.claimed', 200_000 + n, { by: `p${n}` })
  for (let n = 1; n <= limits.storyAttempts + 3; n++) {
    journal.recordAttempt({ ...remedy, incident: 'inc_1', n, verdict: verdict(false), at: 1100, outcome: 'refused' })
  }
  const story = storyOf({ journal, nowMs: 300_000 }, 'inc_1')
  expect(story.stepsLeftOut).toBeGreaterThan(0)
  expect(story.ladder[0]?.title).toBe('Escalated')
  expect([story.attempts.length, story.attemptsLeftOut]).toEqual([limits.storyAttempts, 3])
  expect(JSON.stringify(story).length).toBeLessThan(limits.controlLineBytes)
})

test('an incident that is not there is refused', () => {
  const { journal } = opened()
  expect(() => storyOf({ journal, nowMs: 0 }, 'inc_9')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
})
