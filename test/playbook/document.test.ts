/** Comments of a generated playbook: what they say, and that they outlive counting and a person's edits. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { EventStream, type LazaretEvent } from '../../src/base/events.ts'
import { hunksOf } from '../../src/base/hunks.ts'
import type { RemedyStep, Verdict } from '../../src/base/remedy.ts'
import { describeStep, explainLesson } from '../../src/playbook/explain.ts'
import { generatePlaybook, type Lesson } from '../../src/playbook/generate.ts'
import { PlaybookRegistry } from '../../src/playbook/registry.ts'
import type { PlaybookChange } from '../../src/playbook/versions.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

const patch = '--- a/kernel.ts\n+++ b/kernel.ts\n@@ -20,4 +20,4 @@\n a\n-b\n+c\n d\n@@ -40,2 +40,3 @@\n x\n+y\n z\n'
const steps: readonly RemedyStep[] = [
  { do: 'restore_state' },
  { do: 'apply_patch', file: 'kernel.ts', preimageSha256: 'ab'.repeat(32), patch },
]
const lesson: Lesson = {
  ...{ kernel: 'notes', fingerprint: 'abcdef0123456789', phase: 'message', incident: 'inc_7', at: 0 },
  error: { name: 'TypeError', message: 'text.inclodes is not a function\npassword=hunter2secret' },
  remedy: { agent: 'restore.code', healedBy: 'code', steps, why: 'The code has changed.' },
}
const verdict: Verdict = {
  ...{ passed: true, isolation: 'permission', durationMs: 9 },
  lines: [
    { name: 'red before', passed: true, detail: 'As in service: TypeError.', durationMs: 1 },
    { name: 'hold-out', passed: true, detail: '12 healthy messages answered as before.', durationMs: 1 },
  ],
}

interface Shelf {
  readonly file: string
  readonly registry: PlaybookRegistry
  readonly events: LazaretEvent[]
  readonly changes: PlaybookChange[]
  readonly clock: ManualClock
}

async function open(text?: string): Promise<Shelf> {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-books-'))
  const file = join(folder, 'notes_failure_remediation.yaml')
  if (text !== undefined) writeFileSync(file, text)
  const clock = new ManualClock()
  const stream = new EventStream(clock)
  const events: LazaretEvent[] = []
  stream.on((event) => void events.push(event))
  const changes: PlaybookChange[] = []
  const versions = { add: (change: PlaybookChange) => changes.push(change), lastText: () => undefined }
  const registry = new PlaybookRegistry(folder, stream.emit, clock, { versions })
  await registry.load()
  onTestFinished(async () => {
    await registry.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { file, registry, events, changes, clock }
}

test('a generated playbook says above each step what it does, where, and what its proof showed', async () => {
  const { registry, file } = await open()
  await registry.register(generatePlaybook(lesson), explainLesson(lesson, verdict))
  const text = readFileSync(file, 'utf8')
  for (const said of [
    '# The failure: TypeError: text.inclodes is not a function',
    '# The repair, by restore.code, of inc_7: The code has changed.',
    '# Its proof, in the sandbox (isolation: permission):',
    '#   red before: As in service: TypeError.',
    '#   hold-out: 12 healthy messages answered as before.',
    '# Step 1 of 2. Starts from the state of the last golden snapshot',
    '# Step 2 of 2. Patches kernel.ts at line 21, line 40 (2 hunks, 1 out, 2 in). Its hunks are found by their',
    'Why: The code has changed. Proved (permission): red before, hold-out.',
  ]) {
    expect(text).toContain(said)
  }
  expect(text).not.toContain('hunter2secret')
  const lines = text.split('\n')
  const at = lines.findIndex((line) => line.includes('do: apply_patch'))
  expect(lines[at - 1]).toMatch(/^ +# /)
})

test('comments survive counting, reloading and an edit by a person', async () => {
  const { registry, file } = await open()
  const { name } = await registry.register(generatePlaybook(lesson), explainLesson(lesson, verdict))
  const comments = () => readFileSync(file, 'utf8').match(/#.*/g)
  const before = comments()
  await registry.succeeded(name, 'notes')
  expect(comments()).toEqual(before)
  writeFileSync(file, `${readFileSync(file, 'utf8').replace('The code has changed.', 'Edited.')}# my own\n`)
  await registry.reload()
  await registry.failed(name, 'notes')
  expect(comments()?.at(-1)).toBe('# my own')
  expect(comments()?.length).toBe((before?.length ?? 0) + 1)
})

test('each accepted change is one version that says what changed and by whom; the same text twice is none', async () => {
  const { registry, file, changes, events } = await open()
  const { name } = await registry.register(generatePlaybook(lesson))
  await registry.succeeded(name, 'notes')
  await registry.reload()
  writeFileSync(file, readFileSync(file, 'utf8').replace('trust: trusted', 'trust: suspended'))
  await registry.reload()
  writeFileSync(file, `${readFileSync(file, 'utf8')}# a remark\n`)
  // Counted before the edit was read: the edit is a change of its own, in front of it.
  await registry.failed(name, 'notes')
  writeFileSync(file, 'kernel: [broken')
  await registry.reload()
  rmSync(file)
  await registry.reload()
  expect(changes.map(({ change }) => change)).toEqual([
    `generated ${name}`,
    `trust of ${name} trial→trusted`,
    `trust of ${name} trusted→suspended by a person`,
    'comments edited by a person',
    `${name} counted: 1 healed, 1 failed`,
    'file deleted by a person',
  ])
  expect(changes.at(-1)?.text).toBe('')
  expect(changes[0]?.text).toContain(`name: ${name}`)
  const told = events.filter(({ type }) => type === 'playbook.changed')
  expect(told.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6])
  expect(told[1]).toMatchObject({ kernel: 'notes', playbook: name, change: `trust of ${name} trial→trusted` })
})

test('a step is described in one sentence, whatever it is', () => {
  expect(describeStep({ do: 'ask', kernel: 'm', method: 'flush', args: ['a'], expect: 1 })).toBe(
    'Asks m.flush("a"), and expects 1',
  )
  expect(describeStep({ do: 'set_config', key: 'retry.max', value: 3 })).toContain('Sets retry.max')
  expect(hunksOf(patch)).toEqual([
    { first: 21, last: 21, out: 1, in: 1 },
    { first: 40, last: 40, out: 0, in: 1 },
  ])
})
