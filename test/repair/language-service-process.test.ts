/** The process of the language service: that it ends, whatever happens, and what is said where it cannot do its work. */
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, expect, test } from 'vitest'
import type { ErrorRecord } from '../../src/base/error-record.ts'
import { sha256 } from '../../src/base/hash.ts'
import type { AgentInput } from '../../src/repair/agents/agent.ts'
import { makeLanguageService } from '../../src/repair/agents/language-service.ts'
import { Bench, kernelText, processesNaming, waitUntil } from '../sandbox/bench.ts'
import { proposed, withoutSandbox } from './broken.ts'

const bench = new Bench()
afterEach(() => expect(processesNaming(bench.root)).toEqual([]))
afterAll(() => bench.remove())

const agentFile = fileURLToPath(new URL('../../src/repair/agents/language-service.ts', import.meta.url))
const text = kernelText('return { api: { name: (path: string) => basename(path) } }')

function inputFor(name: string, more: Partial<AgentInput> = {}, error?: ErrorRecord): AgentInput {
  const url = bench.write(`${name}/kernel.ts`, text)
  return {
    ...withoutSandbox,
    evidence: {
      ...{ kernel: 'patient', incident: `inc_${name}`, fingerprint: 'f', phase: 'message', folder: bench.path(name) },
      error: error ?? { name: 'ReferenceError', message: 'basename is not defined', stack: `at name (${url}:5:50)` },
      ...{ files: [{ url, text, sha256: sha256(text) }], config: {}, messages: [], replies: [] },
    },
    ...{ sources: { [url]: text }, kernelFolderUrl: bench.url(`${name}/`), signal: new AbortController().signal },
    ...more,
  }
}

test('where there is no TypeScript it is said, with what to install', async () => {
  mkdirSync(bench.path('empty'))
  const agent = makeLanguageService({ typescriptFrom: [bench.path('empty')] })
  await expect(proposed(agent, inputFor('without'))).rejects.toThrow(
    /none is installed.*npm install --save-dev @typescript\/typescript6\.$/,
  )
})

test('a TypeScript without a language service is named', async () => {
  bench.write(
    'seven/node_modules/typescript/package.json',
    '{"name":"typescript","version":"7.0.2","exports":{"./package.json":"./package.json"}}',
  )
  const agent = makeLanguageService({ typescriptFrom: [bench.path('seven')] })
  await expect(proposed(agent, inputFor('with-seven'))).rejects.toThrow(/\(typescript 7\.0\.2 has none\).*npm install/)
})

test('an end that names no line of code starts no process', async () => {
  const hung = { name: 'LazaretError', message: 'hung', code: 'KERNEL_HUNG' }
  const agent = makeLanguageService({ deadlineMs: 1 })
  expect(await proposed(agent, inputFor('hung', {}, hung))).toEqual([])
})

test('aborted, it has ended when the abort is heard of; the next one has its turn', async () => {
  const controller = new AbortController()
  const running = proposed(makeLanguageService(), inputFor('aborted', { signal: controller.signal }))
  const waiting = proposed(makeLanguageService(), inputFor('waiting'))
  await waitUntil(() => processesNaming(bench.path('aborted')).length === 1, 10_000, 'the start of the process')
  expect(processesNaming(bench.path('waiting'))).toEqual([])
  controller.abort(new Error('stopped'))
  await expect(running).rejects.toThrow('stopped')
  expect(processesNaming(bench.path('aborted'))).toEqual([])
  const [first] = await waiting
  expect(first?.why).toContain('add import from "node:path" at kernel.ts:5')
})

test('past its deadline it is ended, and it is said so', async () => {
  const agent = makeLanguageService({ deadlineMs: 50 })
  await expect(proposed(agent, inputFor('late'))).rejects.toMatchObject({
    code: 'SANDBOX_FAILED',
    message: 'The process of the language service gave no answer within 50 ms and was ended.',
  })
})

test('a host that is killed leaves no process', async () => {
  const script = bench.write(
    'host.mjs',
    `import { languageService } from ${JSON.stringify(agentFile)}
    const input = JSON.parse(process.env.INPUT)
    await languageService.propose({ ...input, signal: new AbortController().signal })`,
  )
  const { signal: _, ...input } = inputFor('orphan')
  const host = spawn(process.execPath, [fileURLToPath(script)], {
    ...{ env: { ...process.env, INPUT: JSON.stringify(input) }, stdio: 'ignore' },
  })
  const theirs = () => processesNaming(bench.path('orphan'))
  await waitUntil(() => theirs().length === 1, 10_000, 'the start of the process')
  host.kill('SIGKILL')
  await waitUntil(() => theirs().length === 0, 5000, 'the end of the process')
})
