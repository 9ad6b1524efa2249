import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serialize } from 'node:v8'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { toRecord } from '../../src/base/error-record.ts'
import { limits } from '../../src/base/limits.ts'
import { captureDiagnostics, type DiagnosticsInput } from '../../src/diagnostics/capture.ts'
import { expireReplays, readEvidence } from '../../src/diagnostics/replay.ts'
import type { CpuProfile } from '../../src/lifecycle/hang-profile.ts'

const at = Date.UTC(2026, 10, 24, 4, 15, 3, 123)
let quarantineDir = ''

beforeEach(() => {
  quarantineDir = mkdtempSync(join(tmpdir(), 'lazaret-capture-'))
})

afterEach(() => {
  rmSync(quarantineDir, { recursive: true, force: true })
})

const evidence: DiagnosticsInput['evidence'] = {
  ...{ kernel: 'notes', incident: 'inc_1', fingerprint: 'abc', phase: 'message' },
  error: toRecord(new TypeError('bad', { cause: new Error('password=hunter2') })),
  files: [{ url: 'file:///k.ts', sha256: 'f00', text: 'export {}' }],
  config: { size: 1, apiKey: 'hunter2' },
  state: serialize({ kept: true }),
  messages: [{ kind: 'ask', from: 'host', method: 'add', args: serialize([{ token: 'hunter2', n: 1 }]), at }],
  replies: [{ to: 'log', method: 'size', args: serialize([]), value: serialize(7) }],
}

const system = { ageMs: 5, sample: { at, tookMs: 1, load: [0, 0, 0], cpus: 2, uptimeMs: 9 } }

const input = (change: Partial<DiagnosticsInput> = {}): DiagnosticsInput => ({
  ...{ quarantineDir, at, evidence, failures: [{ at: at - 1, phase: 'start', error: { name: 'E', message: 'm' } }] },
  ...{ logLines: ['{"msg":"one"}', '{"msg":"two"}'], system, instance: { mailboxDepth: 3 } },
  ...change,
})

function capture(change: Partial<DiagnosticsInput> = {}): string {
  const result = captureDiagnostics(input(change))
  if (!result.ok) throw new Error(result.error.message)
  return result.folder
}

const read = (folder: string, file: string) => readFileSync(join(folder, file), 'utf8')
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)

test('the folder is named after kernel and time, and only its owner may read it', () => {
  const folder = capture()
  expect(folder).toMatch(/kernels\/notes_20261124T041503123Z$/)
  expect(readdirSync(folder).sort()).toEqual([
    ...['code.json', 'config.json', 'error.json', 'kernel.log', 'messages.jsonl', 'replay.bin'],
    ...['source.json', 'system_state.json'],
  ])
  expect(mode(folder)).toBe('700')
  for (const file of readdirSync(folder)) expect(mode(join(folder, file))).toBe('600')
})

test('what people read is whole and holds no secret', () => {
  const folder = capture({ hangStack: '    at spin (file:///k.ts:1:1)' })
  expect(JSON.parse(read(folder, 'error.json'))).toMatchObject({
    ...{ kernel: 'notes', incident: 'inc_1', fingerprint: 'abc', phase: 'message' },
    error: { name: 'TypeError', message: 'bad', cause: { message: 'password=[redacted]' } },
    failures: [{ phase: 'start', error: { message: 'm' } }],
    hangStack: '    at spin (file:///k.ts:1:1)',
    recorded: { messages: 1, replies: 1, leftOut: 0 },
  })
  expect(JSON.parse(read(folder, 'system_state.json'))).toMatchObject({ instance: { mailboxDepth: 3 } })
  expect(JSON.parse(read(folder, 'code.json'))).toEqual({ files: [{ url: 'file:///k.ts', sha256: 'f00' }] })
  expect(JSON.parse(read(folder, 'config.json'))).toEqual({ size: 1, apiKey: '[redacted]' })
  expect(
    read(folder, 'messages.jsonl')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { at, kind: 'ask', from: 'host', method: 'add', args: [{ token: '[redacted]', n: 1 }] },
    { kind: 'reply', to: 'log', method: 'size', args: [], value: 7 },
  ])
  for (const file of readdirSync(folder)) if (file !== 'replay.bin') expect(read(folder, file)).not.toContain('hunter2')
})

const profile: CpuProfile = {
  ...{ startTime: 0, endTime: 1000, samples: [1], timeDeltas: [1000] },
  nodes: [
    {
      ...{ id: 1, hitCount: 1 },
      callFrame: {
        functionName: 'spin',
        scriptId: '1',
        url: 'file:///k.ts?token=hunter2',
        lineNumber: 0,
        columnNumber: 0,
      },
    },
  ],
}

test('the profile of a hung thread is a file that other tools open, and holds no secret', () => {
  const folder = capture({ profile })
  const written = JSON.parse(read(folder, 'profile.cpuprofile'))
  expect(written).toMatchObject({ startTime: 0, endTime: 1000, samples: [1], timeDeltas: [1000] })
  expect(written.nodes).toMatchObject([
    { id: 1, callFrame: { functionName: 'spin', url: 'file:///k.ts?token=[redacted]' } },
  ])
})

test('error.json says why there is no profile', () => {
  const folder = capture({ profile: { missing: 'no profile could be had within 5 ms' } })
  expect(JSON.parse(read(folder, 'error.json')).profileMissing).toBe('no profile could be had within 5 ms')
  const name = 'x'.repeat(limits.hangProfileBytes)
  const [node] = profile.nodes
  if (node === undefined) throw new Error('the profile has a node')
  const huge = { ...node, callFrame: { ...node.callFrame, functionName: name } }
  const larger = capture({ profile: { ...profile, nodes: [huge] } })
  expect(readdirSync(larger)).not.toContain('profile.cpuprofile')
  expect(JSON.parse(read(larger, 'error.json')).profileMissing).toMatch(
    /^it has \d+ bytes, and at most 2097152 are kept$/,
  )
})

test('kernel.log has the last hundred lines', () => {
  const logLines = Array.from({ length: limits.kernelLogLines + 1 }, (_, n) => `{"n":${n}}`)
  const written = read(capture({ logLines }), 'kernel.log').trimEnd().split('\n')
  expect(written).toHaveLength(limits.kernelLogLines)
  expect(written[0]).toBe('{"n":1}')
})

test('the exact evidence can be read back until it expires', () => {
  const folder = capture()
  expect(readEvidence(folder, at + limits.replayExpiryMs - 1)).toEqual({ ...evidence, folder })
  expect(() => readEvidence(folder, at + limits.replayExpiryMs)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
})

test('damaged, missing or linked evidence is refused', () => {
  const folder = capture()
  const path = join(folder, 'replay.bin')
  const bytes = readFileSync(path)
  const code = (expected: string) =>
    expect(() => readEvidence(folder, at)).toThrow(expect.objectContaining({ code: expected }))
  writeFileSync(path, bytes.subarray(0, -1))
  code('EVIDENCE_CORRUPT')
  writeFileSync(path, 'nothing of ours')
  code('EVIDENCE_CORRUPT')
  rmSync(path)
  code('NOT_FOUND')
  writeFileSync(join(quarantineDir, 'elsewhere'), bytes)
  symlinkSync(join(quarantineDir, 'elsewhere'), path)
  code('NOT_FOUND')
})

test('a taken name gets a number', () => {
  const names = [capture(), capture(), capture()].map((folder) => folder.split('_').at(-1))
  expect(names).toEqual(['20261124T041503123Z', '20261124T041503123Z-2', '20261124T041503123Z-3'])
})

test.each(['../x', 'a/b', 'constructor', '', 'A', 'x'.repeat(49)])(
  'the id %j is refused and writes nothing',
  (kernel) => {
    const result = captureDiagnostics(input({ evidence: { ...evidence, kernel } }))
    expect(result).toMatchObject({ ok: false, error: { code: 'OPTION_INVALID' } })
    expect(readdirSync(join(quarantineDir, 'kernels'))).toEqual([])
  },
)

test('a link in place of the kernels folder is refused', () => {
  const outside = mkdtempSync(join(tmpdir(), 'lazaret-outside-'))
  try {
    symlinkSync(outside, join(quarantineDir, 'kernels'))
    expect(captureDiagnostics(input())).toMatchObject({ ok: false })
    expect(readdirSync(outside)).toEqual([])
  } finally {
    rmSync(outside, { recursive: true, force: true })
  }
})

test('a disk that refuses is an error in the result, and no half folder is left', () => {
  writeFileSync(join(quarantineDir, 'file'), '')
  expect(captureDiagnostics(input({ quarantineDir: join(quarantineDir, 'file') }))).toMatchObject({ ok: false })
  const unserialisable = { ...evidence, config: { run: () => 1 } }
  expect(captureDiagnostics(input({ evidence: unserialisable }))).toMatchObject({ ok: false })
  expect(readdirSync(join(quarantineDir, 'kernels'))).toEqual([])
})

test('expired replays are deleted, the readable files stay, and unfinished folders go', () => {
  const old = capture()
  const young = capture({ at: at + 1000 })
  const now = at + limits.replayExpiryMs
  const unfinished = join(quarantineDir, 'kernels', '.tmp-notes_x')
  const running = join(quarantineDir, 'kernels', '.tmp-notes_y')
  for (const folder of [unfinished, running]) mkdirSync(folder)
  utimesSync(unfinished, now / 1000 - 4000, now / 1000 - 4000)
  utimesSync(running, now / 1000, now / 1000)
  expect(expireReplays(quarantineDir, now)).toEqual({ expired: [old], unfinished: [unfinished], failed: [] })
  expect([existsSync(join(old, 'replay.bin')), existsSync(join(old, 'error.json'))]).toEqual([false, true])
  expect([existsSync(join(young, 'replay.bin')), existsSync(running)]).toEqual([true, true])
  expect(expireReplays(quarantineDir, now).expired).toEqual([])
})

test('a damaged replay expires by the time it was written, and a missing folder is no failure', () => {
  const path = join(capture(), 'replay.bin')
  writeFileSync(path, 'damaged')
  utimesSync(path, at / 1000, at / 1000)
  expect(expireReplays(quarantineDir, at + limits.replayExpiryMs - 1).expired).toEqual([])
  expect(expireReplays(quarantineDir, at + limits.replayExpiryMs + 1).expired).toHaveLength(1)
  expect(expireReplays(join(quarantineDir, 'never'), at)).toEqual({ expired: [], unfinished: [], failed: [] })
})
