import { expect, test } from 'vitest'
import { toRecord } from '../../src/base/error-record.ts'
import { type EventType, eventTypes, type LazaretEvent } from '../../src/base/events.ts'
import { jsonOutput, textOutput } from '../../src/cli/foreground.ts'
import { narrate } from '../../src/dashboard/narrate.ts'

function event(type: EventType, facts: Record<string, unknown> = {}): LazaretEvent {
  return { type, kernel: 'notes', at: 0, seq: 1, ...facts }
}

/** Lines without their time of day, which depends on where the test runs. */
function written(...events: LazaretEvent[]): string[] {
  const lines: string[] = []
  const output = textOutput((text) => lines.push(text.slice(10).trimEnd()), ['notes', 'other_kernel'])
  for (const each of events) output.event(each)
  output.flush()
  return lines
}

test('a crash is told with its error, where it was and how often', () => {
  const error = toRecord(new ReferenceError('nots is not defined'))
  expect(written(event('kernel.crashed', { error, phase: 'message', method: 'add', failures: 2 }))).toEqual([
    'crashed      notes         ReferenceError: nots is not defined  (in add(), failure 2)',
  ])
})

test('what happens all the time in a healthy fleet is not told', () => {
  const quiet = ['kernel.started', 'snapshot.taken', 'snapshot.golden', 'runtime.started', 'runtime.stopped'] as const
  expect(written(...quiet.map((type) => event(type)), event('kernel.stopped', { orderly: true }))).toEqual([])
})

test('no event breaks its teller, whatever facts it has or lacks', () => {
  for (const type of eventTypes) {
    for (const facts of [{}, { error: undefined, lines: 3, reasons: null, ageMs: 'x', starts: {} }]) {
      expect(() => narrate(event(type, facts))).not.toThrow()
    }
  }
})

test('secrets and control characters of an error stay out of the terminal', () => {
  const error = toRecord(new Error('\u001b[2J password=hunter2hunter2'))
  const [line = ''] = written(event('kernel.crashed', { error, phase: 'idle', failures: 1 }))
  expect(line).not.toContain('\u001b')
  expect(line).not.toContain('hunter2')
})

test('dead letters are one line a kernel, however many they are', () => {
  const letter = event('message.deadLettered', { method: 'add', from: 'host', code: 'MAILBOX_FULL' })
  expect(written(letter)).toEqual(['dead letter  notes         add() from host, MAILBOX_FULL'])
  expect(written(letter, letter, { ...letter, kernel: 'other_kernel' })).toEqual([
    'dead letter  notes         2 messages, the last: add() from host, MAILBOX_FULL',
    'dead letter  other_kernel  add() from host, MAILBOX_FULL',
  ])
})

test('as JSON every event is one line that can be read back', () => {
  const lines: string[] = []
  jsonOutput((text) => lines.push(text)).event(event('kernel.crashed', { error: toRecord(new Error('two\nlines')) }))
  expect(lines).toHaveLength(1)
  expect(lines[0]?.trim()).not.toContain('\n')
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ type: 'kernel.crashed', error: { message: 'two\nlines' } })
})
