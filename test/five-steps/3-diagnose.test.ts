import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize } from 'node:v8'
import { expect, test } from 'vitest'
import { readEvidence } from '../../src/diagnostics/replay.ts'
import { climb, fast, misspell } from './ladder.ts'

test('the evidence folder holds the log, the error with its history, the machine, and the messages', async () => {
  await using ladder = await climb({
    kernels: [{ id: 'notes', restart: { ...fast.restart, max: 2, stableMs: 10_000 }, repair: { autonomy: 'observe' } }],
  })
  await ladder.runtime.ref('notes').ask.put?.('token', 'alpha')
  ladder.edit('kernel.ts', misspell)
  await ladder.runtime.kernel('notes').restart()
  await ladder.askUntilDown('find')
  await ladder.until('kernel.parked', { seen: true })
  const folder = ladder.runtime.journal.incidents()[0]?.folder ?? ''
  expect(folder).toMatch(/\.quarantine\/kernels\/notes_\d{8}T\d{9}Z$/)
  const files = readdirSync(folder)
  for (const name of ['kernel.log', 'error.json', 'system_state.json', 'messages.jsonl', 'replay.bin']) {
    expect(files).toContain(name)
  }
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  expect(statSync(join(folder, 'replay.bin')).mode & 0o777).toBe(0o600)

  const log = readFileSync(join(folder, 'kernel.log'), 'utf8').trim().split('\n')
  expect(log.length).toBeLessThanOrEqual(100)
  // The line that the kernel wrote just before it died is there.
  expect(log.some((line) => JSON.parse(line).msg === 'find')).toBe(true)

  const error = JSON.parse(readFileSync(join(folder, 'error.json'), 'utf8'))
  expect(error.fingerprint).toMatch(/^[0-9a-f]{16}$/)
  expect(error.error.message).toContain('inclodes')
  expect(error.error.stack).toContain('kernel.ts')
  expect(JSON.stringify(error)).toContain('crashed')

  const { frames } = JSON.parse(readFileSync(join(folder, 'source.json'), 'utf8'))
  expect(frames[0]).toMatchObject({
    of: 0,
    fn: '<anonymous>',
    file: expect.stringMatching(/kernel\.ts$/),
  })
  expect(frames[0].lines[frames[0].line - frames[0].first]).toContain('text.inclodes(query)')

  const system = JSON.parse(readFileSync(join(folder, 'system_state.json'), 'utf8'))
  const { heapUsedBytes, heapLimitBytes, externalBytes, eventLoopUtilization, uptimeMs } = system.instance
  expect(heapUsedBytes).toBeGreaterThan(1_000_000)
  expect(heapUsedBytes).toBeLessThan(heapLimitBytes)
  expect(externalBytes).toBeGreaterThan(0)
  expect(eventLoopUtilization).toBeGreaterThan(0)
  expect(eventLoopUtilization).toBeLessThanOrEqual(1)
  expect(uptimeMs).toBeGreaterThan(0)
  const { memory, load } = system.system.sample
  expect(memory.totalBytes).toBeGreaterThan(memory.freeBytes)
  expect(load).toHaveLength(3)

  const messages = readFileSync(join(folder, 'messages.jsonl'), 'utf8').trim().split('\n')
  expect(messages.some((line) => JSON.parse(line).method === 'find')).toBe(true)
  const evidence = readEvidence(folder, Date.now())
  expect(evidence.messages.at(-1)).toMatchObject({ kind: 'ask', from: 'host', method: 'find' })
  expect(deserialize(evidence.messages.at(-1)?.args ?? new Uint8Array())).toEqual(['query 2'])
  expect(evidence.files.map(({ url }) => url.split('/').at(-1))).toEqual(['kernel.ts'])
})

test('a hung thread leaves its stack and its profile in the evidence', async () => {
  await using ladder = await climb({
    kernels: [{ id: 'notes', restart: { max: 0, stableMs: 5000 }, repair: { autonomy: 'observe' } }],
    files: {
      'kernel.ts': `import { defineKernel } from 'lazaret/kernel'
export default defineKernel({
  async start() {
    return { api: { find: () => backtrack() } }
  },
})
function backtrack() {
  for (;;) if (Math.random() > 2) return
}
`,
    },
  })
  await ladder.runtime
    .ref('notes')
    .with({ deadlineMs: 10_000 })
    .ask.find?.()
    .catch(() => 'it hung, and was ended')
  await ladder.until('kernel.parked', { seen: true })
  const [incident] = ladder.runtime.journal.incidents()
  expect(incident?.error.code).toBe('KERNEL_HUNG')
  expect(incident?.error.stack).toContain('backtrack')
  const profile = JSON.parse(readFileSync(join(incident?.folder ?? '', 'profile.cpuprofile'), 'utf8'))
  const names = profile.nodes.map((node: { callFrame: { functionName: string } }) => node.callFrame.functionName)
  expect(names).toContain('backtrack')
  const story = ladder.runtime.story(incident?.id ?? '')
  expect(story.evidence.problems).toEqual([])
  expect(story.evidence.flame?.hottest).toContainEqual(expect.objectContaining({ name: 'backtrack', kind: 'own' }))
  expect(story.headline).toMatchObject({
    what: expect.stringMatching(/^The thread gave no sign of life .+ at kernel\.ts:\d+\)$/),
    need: expect.stringContaining('rejoin'),
  })
  expect(story.ladder.map(({ title }) => title)).toEqual([
    ...['Escalated', 'Evidence captured', 'Out of service', 'Waits for a person'],
  ])
  const { instance } = JSON.parse(readFileSync(join(incident?.folder ?? '', 'system_state.json'), 'utf8'))
  expect(instance.heapUsedBytes).toBeGreaterThan(1_000_000)
})
