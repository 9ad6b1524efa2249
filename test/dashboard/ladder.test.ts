import { expect, test } from 'vitest'
import type { EventType, LazaretEvent } from '../../src/base/events.ts'
import { limits } from '../../src/base/limits.ts'
import { ladderOf } from '../../src/dashboard/ladder.ts'
import type { IncidentRow } from '../../src/journal/rows.ts'

const incident: IncidentRow = {
  ...{ id: 'inc_1', kernel: 'notes', fingerprint: 'abc', tier: 2, status: 'open', openedAt: 300, count: 1 },
  ...{ error: { name: 'TypeError', message: 'bad' }, phase: 'message' },
}

type Told = [type: EventType, at: number, facts?: Record<string, unknown>]

const events = (...told: Told[]): LazaretEvent[] =>
  told.map(([type, at, facts], seq) => ({ type, at, seq, kernel: 'notes', ...facts }))

const error = { name: 'TypeError', message: 'bad' }
const crash = (at: number): Told => ['kernel.crashed', at, { error, phase: 'message' }]
const opened: Told[] = [
  ...[crash(100), ['kernel.restarted', 150] as Told, crash(250), ['restart.exhausted', 260, { starts: 1 }] as Told],
  ...([['incident.opened', 300, { incident: 'inc_1' }]] as Told[]),
  ['diagnostics.captured', 310, { incident: 'inc_1', folder: '/q/notes_1', files: ['a', 'b'] }],
  ['kernel.quarantined', 320, { incident: 'inc_1' }],
  ['degraded.entered', 320, { mode: 'buffer' }],
]

const brief = (steps: ReturnType<typeof ladderOf>) =>
  steps.map(({ title, at, endAt, tone, words }) => [title, at, endAt, tone, words])

test('a failure that was repaired is told from its first crash to what was learnt', () => {
  const steps = ladderOf(
    events(
      ...opened,
      ['repair.started', 330, { incident: 'inc_1' }],
      ['repair.proposed', 340, { incident: 'inc_1', agent: 'guard', why: 'one message' }],
      ['repair.refused', 350, { incident: 'inc_1', agent: 'guard', refusal: 'check: no' }],
      ['repair.verified', 400, { incident: 'inc_1', agent: 'restore.code', lines: [1, 2], isolation: 'permission' }],
      ['hotfix.applied', 410, { incident: 'inc_1', agent: 'restore.code', why: 'the code has changed' }],
      ['degraded.left', 420, { mode: 'buffer', waiting: 2 }],
      ['kernel.rejoined', 420, { incident: 'inc_1' }],
      ['playbook.generated', 900, { name: 'code-abc', trust: 'trial' }],
      ['incident.resolved', 910, { incident: 'inc_1', healedBy: 'code', tookMs: 610 }],
      ['kernel.recovered', 911, { incident: 'inc_1' }],
      ['playbook.trusted', 950, { name: 'code-abc' }],
    ),
    { ...incident, status: 'resolved', resolvedAt: 910 },
  )
  expect(brief(steps)).toEqual([
    ['Escalated', 100, 300, 'bad', '2 crashes: restarts are no answer'],
    ['Evidence captured', 300, 310, 'good', '2 files in the evidence folder'],
    ['Out of service', 320, 420, 'good', 'messages were kept for it; 2 messages waited until it was back'],
    ['Repair in the sandbox', 330, 400, 'good', 'restore.code holds: proved in 2 lines, permission isolation'],
    ['Repair applied', 410, 410, 'good', 'restore.code: the code has changed'],
    ['Back on probation', 420, 910, 'good', 'it held; the kernel is steady'],
    ['Learnt', 900, 900, 'good', 'the playbook code-abc (trial)'],
    ['Resolved', 910, 910, 'good', 'healed by code, 610 ms after it was opened'],
  ])
  expect(steps[0]?.parts.map(({ text }) => text)).toEqual([
    ...[
      'TypeError: bad (in message)',
      'restarted',
      'TypeError: bad (in message)',
      'the budget is spent after 1 restart',
    ],
    'incident opened; operators and agents are told',
  ])
  expect(steps[3]?.parts.map(({ text }) => text)).toContain('refused, of guard: check: no')
  expect(steps[6]?.parts.map(({ text }) => text)).toEqual(['trusted now'])
})

test('what goes on has no end: a repair under way, a word that is waited for', () => {
  const started = ladderOf(events(...opened, ['repair.started', 330, { incident: 'inc_1' }]), incident)
  expect(started.filter(({ endAt }) => endAt === undefined).map(({ title }) => title)).toEqual([
    ...['Out of service', 'Repair in the sandbox'],
  ])
  const waits = ladderOf(
    events(
      ...opened,
      ['repair.started', 330],
      ['repair.verified', 400, { agent: 'a', lines: [], isolation: 'thread' }],
      ['kernel.parked', 410, { incident: 'inc_1', why: 'a proved repair waits for approval: lazaret approve task_1' }],
      ['task.claimed', 420, { by: 'ann' }],
      ['command.given', 430, { op: 'approve', by: 'dashboard', params: { task: 'task_1', apply: 'source' } }],
    ),
    incident,
  )
  expect(waits.at(-1)).toMatchObject({ title: 'Waits for approval', at: 410, tone: 'calm' })
  expect(waits.at(-1)?.parts.map(({ text }) => text)).toEqual([
    ...['claimed by ann', 'a person says approve (source), by dashboard'],
  ])
})

test('a repair that fails again on probation is taken back, and the next one is counted', () => {
  const steps = ladderOf(
    events(
      ...opened,
      ['repair.started', 330],
      ['repair.verified', 340, { agent: 'a', lines: [], isolation: 'thread' }],
      ['hotfix.applied', 350, { incident: 'inc_1' }],
      ['kernel.rejoined', 360],
      crash(370),
      ['hotfix.rolledBack', 371, { incident: 'inc_1' }],
      ['incident.repeated', 372, { incident: 'inc_1', count: 2 }],
      ['repair.started', 380],
      ['repair.exhausted', 390, { reasons: ['guard: no', 'model: no'] }],
      ['kernel.parked', 391, { why: 'guard: no; model: no' }],
    ),
    incident,
  )
  expect(brief(steps).slice(-3)).toEqual([
    ['Back on probation', 360, 370, 'bad', 'it failed again on probation, and the repair is taken back'],
    ['Repair 2 in the sandbox', 380, 390, 'bad', 'no candidate holds'],
    ['Waits for a person', 391, undefined, 'bad', 'nothing that was tried holds'],
  ])
})

test('a failover, a fallback and a disk that refuses the evidence are told', () => {
  const steps = ladderOf(
    events(
      crash(100),
      ['failover.completed', 140, { gapMs: 30, stateAgeMs: 2000 }],
      ['incident.opened', 150, { incident: 'inc_1' }],
      ['diagnostics.captured', 160, { incident: 'inc_1', error: { name: 'Error', message: 'ENOSPC' } }],
      ['degraded.entered', 170, { mode: 'reroute', to: 'other' }],
      ['degraded.changed', 180, { from: 'reroute', mode: 'fallback' }],
      ['fallback.lost', 190, { error }],
    ),
    incident,
  )
  expect(brief(steps)).toEqual([
    ['Escalated', 100, 150, 'bad', 'one crash: restarts are no answer'],
    ['Failed over to a standby', 110, 140, 'good', 'in service again after 30 ms; its state was 2.0 s old'],
    ['Evidence captured', 150, 160, 'bad', 'the disk refused it: Error: ENOSPC'],
    ['Out of service', 170, undefined, 'watch', 'its fallback answers'],
  ])
})

test('events of another incident of the kernel are not told; odd facts are told as they are', () => {
  const steps = ladderOf(
    events(
      ...opened,
      ['repair.refused', 330, { incident: 'inc_2' }],
      ['repair.started', 340, { factsUnreadable: true }],
      ['repair.proposed', 350, { agent: 7, why: { a: 1 } }],
      ['repair.exhausted', 360, { reasons: 'x' }],
    ),
    incident,
  )
  expect(steps.at(-1)).toMatchObject({ words: 'no agent had anything to propose' })
})

test('secrets and long texts of a fact are struck out and cut, and parts are the last ones', () => {
  const many = Array.from({ length: limits.storyParts + 1 }, (_, n): Told => ['task.claimed', 400 + n, { by: `p${n}` }])
  const why = `password=hunter2 ${'x'.repeat(10_000)}`
  const steps = ladderOf(events(...opened, ['kernel.parked', 330, { why }], ...many), incident)
  expect(JSON.stringify(steps)).not.toContain('hunter2')
  expect(steps.at(-1)?.words.length).toBeLessThan(limits.storyTextChars + 10)
  expect(steps.at(-1)?.parts).toHaveLength(limits.storyParts)
})

test('where the journal has the events no more, opening and end are told from the incident itself', () => {
  const row: IncidentRow = { ...incident, status: 'resolved', resolvedAt: 500, resolution: 'mended' }
  expect(brief(ladderOf([], row))).toEqual([
    ['Escalated', 300, 300, 'bad', 'what led to it is not in the journal any more'],
    ['Resolved', 500, 500, 'good', 'mended'],
  ])
})
