/** The ACP agent against an agent over stdio made with the protocol's own package. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test, vi } from 'vitest'
import type { ProgramSpec } from '../../src/base/agents-spec.ts'
import { makeAcpAgent } from '../../src/repair/agents/acp.ts'
import type { ProgramAgentOptions } from '../../src/repair/agents/command.ts'
import { benchWithPool, processesNaming, waitUntil } from '../sandbox/bench.ts'
import type { Ill } from './broken.ts'
import { askAlone, averageKernel, badLine, goodLine, illOf } from './outside.ts'

/** Proofs ask it about types; its process has a test of its own. */
vi.mock(import('../../src/repair/language-service/child.ts'), async (original) =>
  (await import('../support/language-service.ts')).inThisProcess(original),
)

const { bench, pool } = benchWithPool()
let ill: Ill
beforeAll(async () => {
  ill = await illOf(bench, pool, 'average')
})
const agentFile = fileURLToPath(new URL('acp-agent.mjs', import.meta.url))
const repository = dirname(dirname(dirname(agentFile)))

async function repairWith(what: string, more: Partial<ProgramSpec> = {}, options: ProgramAgentOptions = {}) {
  const run = [process.execPath, agentFile, what, badLine, goodLine]
  const spec = { run, env: [], bind: [repository], minutes: 1, attempts: 1, ...more }
  const asked = await askAlone(bench, pool, ill, makeAcpAgent(spec, options))
  expect(processesNaming(agentFile)).toEqual([])
  return asked
}

test('it is asked by the protocol, served its files, and its diff is taken and proved', async () => {
  for (const bubblewrap of [true, false]) {
    const { outcome, progress, reasons } = await repairWith('mend', {}, { bubblewrap })
    expect(reasons).toBe('')
    expect(outcome).toMatchObject({
      remedy: { agent: 'acp', steps: [{ file: 'kernel.ts' }], why: expect.stringContaining('I mended it') },
      verdict: { passed: true },
    })
    const edits = progress.filter((line) => line.includes('Edit kernel.ts'))
    expect(edits).toEqual(['Edit kernel.ts', 'allowed: Edit kernel.ts'])
    expect(progress.some((line) => line.startsWith('writes ') && line.endsWith('kernel.ts'))).toBe(true)
    expect(progress).toContain('says: I mended it')
  }
  const kernel = join(fileURLToPath(ill.input.kernelFolderUrl), 'kernel.ts')
  expect(readFileSync(kernel, 'utf8')).toBe(averageKernel)
})

test('it reads and writes in its folder only, and may edit there and run nothing', async () => {
  const { progress, reasons } = await repairWith('reach')
  const said = progress.filter((line) => line.startsWith('says: '))
  const outside = /^says: error -32602: .* is no file in the work folder/
  expect(said[0]).toMatch(outside)
  expect(said[1]).toMatch(outside)
  expect(said[2]).toMatch(/^says: error -32602: There is no file "none.ts"/)
  expect(said[3]).toMatch(outside)
  expect(said[4]).toMatch(/^says: error -32602: "new.ts" may not be written/)
  expect(said[5]).toMatch(/^says: error -32602: "TASK.md" may not be written/)
  for (const line of said.slice(6, 11)) expect(line).toContain('"optionId":"no"')
  expect(said[11]).toMatch(/^says: error -32601/)
  expect(reasons).toContain('attempt 1: It changed nothing.')
  expect(progress).toContain('not allowed: rm -rf /')
  expect(existsSync('/etc/lazaret-test')).toBe(false)
})

test('an agent that will not, cannot, or dies is told with its words', async () => {
  expect((await repairWith('refuse')).reasons).toBe('acp: the ACP agent stopped for the reason refusal')
  expect((await repairWith('fail')).reasons).toMatch(/^acp: the ACP agent broke off: /)
  expect((await repairWith('login')).reasons).toMatch(
    /^acp: the ACP agent broke off: .*(?:log in first|Authentication required)/,
  )
  expect((await repairWith('die')).reasons).toMatch(/^acp: the ACP agent .*; it said: I am out of memory$/)
})

test('a program that does not speak the protocol is given up', async () => {
  expect((await repairWith('garbage')).reasons).toMatch(/^acp: the ACP agent (?:broke off|ended with code 0)/)
  expect((await repairWith('mute', { minutes: 0.02 })).reasons).toBe('acp: its 0.02 minutes are over.')
  expect((await repairWith('mend', { run: ['no-such-program-here'] })).reasons).toMatch(
    /^acp: .*no-such-program-here|^acp: the ACP agent/,
  )
})

test('one that takes for ever is gone when its time is over, its children too', async () => {
  for (const bubblewrap of [true, false]) {
    const { reasons, progress } = await repairWith('wait', { minutes: 0.03 }, { bubblewrap })
    expect(progress).toContain('says: I take my time')
    expect(reasons).toBe('acp: its 0.03 minutes are over.')
  }
})

test('an abort ends it at once', async () => {
  const abort = new AbortController()
  const spec = { run: [process.execPath, agentFile, 'mute'], env: [], bind: [repository], minutes: 1, attempts: 1 }
  const ended = expect(askAlone(bench, pool, ill, makeAcpAgent(spec), abort.signal)).rejects.toThrow('stopped')
  await waitUntil(() => processesNaming(agentFile).length > 0, 10_000, 'the start of the agent')
  abort.abort(new Error('stopped'))
  await ended
  expect(processesNaming(agentFile)).toEqual([])
})
