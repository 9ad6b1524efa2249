import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serialize } from 'node:v8'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import { evidenceIn } from '../../src/dashboard/evidence.ts'
import { captureDiagnostics } from '../../src/diagnostics/capture.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lazaret-story-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const at = Date.UTC(2026, 10, 24, 4, 15, 3, 123)
const kernelUrl = 'file:///app/kernel.ts'
const spin = { functionName: 'spin', scriptId: '1', url: kernelUrl, lineNumber: 1, columnNumber: 0 }

/** As the runtime writes it. */
function captured(): string {
  const result = captureDiagnostics({
    ...{
      quarantineDir: root,
      at,
      failures: [],
      system: { ageMs: 5, sample: { at, tookMs: 1, load: [1, 2, 3], cpus: 2, uptimeMs: 9 } },
    },
    evidence: {
      ...{ kernel: 'notes', incident: 'inc_1', fingerprint: 'abc', phase: 'message', replies: [] },
      error: { name: 'TypeError', message: 'bad', stack: `TypeError: bad\n    at find (${kernelUrl}:2:3)` },
      files: [{ url: kernelUrl, sha256: '', text: 'one\n  two()\nthree' }],
      config: { size: 1, apiKey: 'hunter2' },
      messages: [
        { kind: 'ask', from: 'host', method: 'put', args: serialize(['a', 1]), at, reply: { value: serialize(7) } },
        { kind: 'tell', from: 'bus', method: 'find', args: serialize([{ password: 'hunter2' }]), at },
      ],
    },
    logLines: ['{"level":40,"time":1,"kernel":"notes","msg":"slow","ms":12}', 'no JSON'],
    instance: { heapUsedBytes: 1_048_576, heapLimitBytes: 4_194_304, uptimeMs: 5000 },
    findings: [{ kind: 'drift', text: 'size is 2 in the fleet file' } as never],
    hangStack: '    at spin (x)',
    profile: { nodes: [{ id: 1, callFrame: spin, hitCount: 3 }], startTime: 0, endTime: 3000 },
  })
  if (!result.ok) throw new Error(result.error.message)
  return result.folder
}

test('what the runtime wrote is told: log, messages, machine, profile, source', () => {
  const { evidence, frames } = evidenceIn(captured())
  expect(evidence.problems).toEqual([])
  expect(evidence.log).toEqual([
    { time: 1, level: 'warn', msg: 'slow', facts: '{"ms":12}' },
    { level: 'info', msg: 'no JSON' },
  ])
  expect(evidence.messages).toEqual([
    { at, kind: 'ask', other: 'host', method: 'put', args: '"a", 1', answer: '7', failed: false },
    { at, kind: 'tell', other: 'bus', method: 'find', args: '{"password":[redacted]}', failed: false },
  ])
  expect(evidence.resources).toContainEqual({ name: 'Heap', value: '1.0 MB of 4.0 MB', share: 0.25 })
  expect(evidence.resources).toContainEqual({ name: 'Load', value: '1.0, 2.0, 3.0 on 2 cores' })
  expect(evidence.flame).toMatchObject({ totalMs: 3, roots: [{ name: 'spin', kind: 'own' }] })
  expect(evidence).toMatchObject({ hangStack: '    at spin (x)', drift: ['size is 2 in the fleet file'], damage: [] })
  expect(frames).toMatchObject([{ of: 0, fn: 'find', line: 2, lines: ['one', '  two()', 'three'] }])
  expect(JSON.stringify(evidence)).not.toContain('hunter2')
})

test('a folder that is gone, or was never there, is told', () => {
  expect(evidenceIn(undefined).evidence.problems).toEqual(['there is no evidence folder'])
  expect(evidenceIn(join(root, 'gone')).evidence.problems).toEqual(['the evidence folder is not there any more'])
})

test('files that are missing, edited, linked or no files are each told, and the others are shown', () => {
  const folder = captured()
  rmSync(join(folder, 'kernel.log'))
  writeFileSync(join(folder, 'error.json'), '{"drift":')
  rmSync(join(folder, 'system_state.json'))
  symlinkSync('/etc/hostname', join(folder, 'system_state.json'))
  rmSync(join(folder, 'config.json'))
  mkdirSync(join(folder, 'config.json'))
  writeFileSync(join(folder, 'profile.cpuprofile'), '{"nodes":7}')
  writeFileSync(join(folder, 'messages.jsonl'), 'x\n{"kind":"ask","from":7,"method":null}\n{"kind":"other"}\n')
  const { evidence } = evidenceIn(folder)
  expect(evidence.problems.toSorted()).toEqual([
    ...['config.json is no file', 'error.json is no JSON any more', 'kernel.log is missing'],
    'system_state.json cannot be read: it is a link',
  ])
  expect(evidence.messages).toEqual([{ kind: 'ask', other: '7', method: '?', args: '"?"', failed: false }])
  expect(evidence.flameMissing).toBe('profile.cpuprofile is no profile any more')
  expect([evidence.log, evidence.resources, evidence.hangStack]).toEqual([[], [], undefined])
})

test('edited JSON of any shape is taken for what it is', () => {
  const folder = captured()
  for (const odd of [
    'null',
    '7',
    '[]',
    '{"frames":7,"files":"x","hangStack":{},"drift":[7,null],"system":{"sample":[]}}',
  ]) {
    for (const name of ['error.json', 'system_state.json', 'source.json', 'code.json', 'config.json']) {
      writeFileSync(join(folder, name), odd)
    }
    expect(evidenceIn(folder)).toMatchObject({ frames: [], evidence: { drift: [], resources: [] } })
  }
  writeFileSync(join(folder, 'source.json'), '{"frames":[null,{"file":7},{"file":"f","line":1,"first":1,"lines":[7]}]}')
  expect(evidenceIn(folder).frames).toMatchObject([{ file: 'f', line: 1, lines: [''] }])
})

test('of a log of 100 MB its end is shown, at once', () => {
  const folder = captured()
  const line = `{"level":30,"time":2,"msg":"${'x'.repeat(1000)}"}\n`
  writeFileSync(join(folder, 'kernel.log'), Buffer.alloc(100_000_000, line))
  writeFileSync(join(folder, 'error.json'), Buffer.alloc(limits.storyFileBytes + 1, ' '))
  const { evidence } = evidenceIn(folder)
  expect(evidence.log).toHaveLength(limits.kernelLogLines)
  expect(evidence.problems).toContain('kernel.log has grown to 100000000 bytes: its end is shown')
  expect(evidence.problems).toContain(
    `error.json has grown to ${limits.storyFileBytes + 1} bytes, and at most ${limits.storyFileBytes} are read`,
  )
})

test('messages past the limit are counted, the newest shown; secrets that an edit brought in are struck out', () => {
  const folder = captured()
  const many = Array.from({ length: limits.storyMessages + 5 }, (_, n) =>
    JSON.stringify({ kind: 'ask', from: 'h', method: `m${n}`, args: [] }),
  )
  writeFileSync(
    join(folder, 'messages.jsonl'),
    `${many.join('\n')}\n{"kind":"reply","to":"log","method":"size","args":["password=hunter2"]}\n`,
  )
  const { evidence } = evidenceIn(folder)
  expect(evidence.messages).toHaveLength(limits.storyMessages)
  expect(evidence.messages.at(-2)?.method).toBe(`m${limits.storyMessages + 4}`)
  expect(evidence.messages.at(-1)).toMatchObject({ kind: 'reply', other: 'log' })
  expect(evidence.messagesLeftOut).toBe(6)
  expect(JSON.stringify(evidence)).not.toContain('hunter2')
})
