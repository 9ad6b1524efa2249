/** The MCP server as a client sees it: a process on a pipe, and a runtime that may be away. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { expect, onTestFinished, test } from 'vitest'
import { checkDiff, parked, rateDiff, wrongDiff } from '../repair/priced.ts'

const mainFile = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

interface Answer {
  readonly isError: boolean
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: facts of many tools, looked at by matchers.
  readonly facts: any
}

interface Session {
  readonly client: Client
  readonly pid: number
  call(tool: string, args?: Record<string, unknown>): Promise<Answer>
}

async function connect(dataDir: string): Promise<Session> {
  const args = [mainFile, 'mcp', '--data-dir', dataDir]
  const transport = new StdioClientTransport({ command: process.execPath, args, stderr: 'inherit' })
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(transport)
  onTestFinished(() => client.close())
  return {
    client,
    pid: transport.pid ?? 0,
    async call(name, args = {}) {
      const { isError = false, content, structuredContent } = await client.callTool({ name, arguments: args })
      const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('\n')
      return { isError, text, facts: structuredContent }
    },
  }
}

const isGone = (pid: number) => {
  try {
    process.kill(pid, 0)
    return false
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

test('an MCP client is the coding agent: list, claim, read, replay, hand in, verdict', {
  timeout: 90_000,
}, async () => {
  await using place = await parked('fix')
  const { ladder, task } = place
  const { call, client, pid } = await connect(join(ladder.folder, '.lazaret'))
  const { tools } = await client.listTools()
  expect(tools.map(({ name }) => name)).toEqual([
    ...['list_tasks', 'claim_task', 'release_task', 'read_evidence', 'replay', 'submit_patch', 'verdict'],
  ])
  expect(tools.every(({ inputSchema, outputSchema }) => inputSchema !== undefined && outputSchema !== undefined)).toBe(
    true,
  )
  expect((await call('list_tasks')).facts).toMatchObject({ tasks: [{ task, kernel: 'prices' }] })
  expect((await call('claim_task', { task, worker: 'robot' })).facts).toMatchObject({ claimedBy: 'robot' })
  expect((await call('list_tasks')).facts).toMatchObject({ tasks: [{ claimedBy: 'robot' }] })

  const { facts: listed } = await call('read_evidence', { task })
  expect(listed.files).toEqual(expect.arrayContaining([{ file: 'rate.ts', kind: 'source', chars: expect.any(Number) }]))
  const source = await call('read_evidence', { task, file: 'rate.ts' })
  expect(source.facts).toMatchObject({ kind: 'source', label: expect.stringContaining('no instruction') })
  expect(source.facts.text).toContain('config.ratse.plain')
  expect(source.text).toMatch(/^<<< data \S+: source "rate.ts"\n/)
  expect((await call('read_evidence', { task, file: 'rate.ts', offset: 7 })).facts.text).toBe(
    source.facts.text.slice(7),
  )
  const messages = await call('read_evidence', { task, file: 'evidence/messages.jsonl' })
  expect(messages.facts.text).toContain('price')

  const replayed = await call('replay', { task })
  expect(replayed.facts).toMatchObject({ reproduced: true, before: { outcome: 'failed' } })
  expect((await call('replay', { task, patch: wrongDiff })).facts).toMatchObject({ check: { outcome: 'failed' } })
  expect((await call('replay', { task, patch: rateDiff })).facts).toMatchObject({
    ...{ after: { outcome: 'passed' }, check: { outcome: 'passed' } },
  })
  expect(ladder.runtime.journal.attempts(place.incident)).toEqual([])

  const judge = await call('submit_patch', { task, patch: checkDiff, why: 'The check is too strict.' })
  expect(judge).toMatchObject({ isError: false, facts: { outcome: 'refused', verdict: { passed: false } } })
  const recovered = ladder.until('kernel.recovered')
  const done = await call('submit_patch', { task, patch: rateDiff, why: 'rates was misspelt.' })
  expect(done.facts).toMatchObject({ outcome: 'applied', verdict: { passed: true }, servedBy: 'instance' })
  expect(await recovered).toMatchObject({ healedBy: 'code' })
  const verdict = await call('verdict', { task })
  expect(verdict.facts).toMatchObject({
    ...{ status: 'closed', outcome: 'healed by code', state: 'running.steady' },
    attempts: [
      { agent: 'mcp', outcome: 'refused', verdict: { lines: [{ name: 'protected', passed: false }] } },
      { agent: 'mcp', outcome: 'verified', why: 'rates was misspelt.', verdict: { passed: true } },
    ],
  })
  await client.close()
  await expect.poll(() => isGone(pid)).toBe(true)
})

test('with less autonomy what holds waits for a person, and a claim of another is respected', {
  timeout: 90_000,
}, async () => {
  await using place = await parked('suggest')
  const { ladder, task } = place
  const { call } = await connect(join(ladder.folder, '.lazaret'))
  ladder.runtime.tasks.claim(task, 'ada')
  for (const [name, args] of [
    ['claim_task', { task, worker: 'robot' }],
    ['submit_patch', { task, patch: rateDiff, why: 'x' }],
  ] as const) {
    expect(await call(name, args)).toMatchObject({ isError: true, text: expect.stringContaining('claimed by ada') })
  }
  expect(await call('release_task', { task })).toMatchObject({ isError: true })
  ladder.runtime.tasks.release(task)
  await call('claim_task', { task, worker: 'robot' })
  const done = await call('submit_patch', { task, patch: rateDiff, why: 'rates was misspelt.' })
  expect(done.facts).toMatchObject({ outcome: 'waiting', state: 'quarantined.parked' })
  expect((await call('list_tasks')).facts).toMatchObject({ tasks: [{ proposes: 'mcp' }] })
  expect(await call('release_task', { task })).toMatchObject({ isError: false })
  expect(ladder.runtime.tasks.show(task).claim).toBeUndefined()
})

test('bad inputs are errors of the call, with what is accepted, and the server goes on', async () => {
  await using place = await parked()
  const { task } = place
  const { call } = await connect(join(place.ladder.folder, '.lazaret'))
  const bad: [string, Record<string, unknown>, string][] = [
    ['verdict', { task: 'task_none' }, 'NOT_FOUND'],
    ['verdict', { task: 7 }, 'task'],
    ['verdict', { task, extra: true }, 'extra'],
    ['claim_task', { task, worker: '\u001b[2J' }, 'OPTION_INVALID'],
    ['claim_task', { task, worker: '' }, 'worker'],
    ['replay', { task, patch: 'hello' }, 'OPTION_INVALID'],
    ['replay', { task, patch: checkDiff }, 'PATCH_REFUSED'],
    ['submit_patch', { task, patch: 'x'.repeat(204_801), why: '' }, 'patch'],
    [
      'submit_patch',
      { task, patch: rateDiff.replaceAll('rate.ts', '../../etc/passwd'), why: 'x' },
      'is not a plain relative one',
    ],
    ...['../kernel.ts', '/etc/passwd', 'evidence/../../kernel.ts', 'evidence/replay.bin', '\0'].map(
      (file): [string, Record<string, unknown>, string] => ['read_evidence', { task, file }, 'NOT_FOUND'],
    ),
    ['read_evidence', { task, file: 'rate.ts', offset: -1 }, 'offset'],
  ]
  for (const [tool, args, says] of bad) {
    const { isError, text, facts } = await call(tool, args)
    // A patch that a proof has refused is an answer, not an error.
    expect([tool, isError || facts.outcome === 'refused', text]).toEqual([tool, true, expect.stringContaining(says)])
    expect(text).not.toContain('\u001b')
  }
  await expect(call('explode')).rejects.toThrow(/explode/)
  expect((await call('list_tasks')).facts.tasks).toHaveLength(1)
})

test('a runtime that is away is an error of each call, and one that comes is found', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-mcp-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const away = await connect(join(folder, 'none'))
  for (const _ of [1, 2]) {
    expect(await away.call('list_tasks')).toMatchObject({
      isError: true,
      text: expect.stringContaining('CONTROL_FAILED'),
    })
  }
  const place = await parked()
  const { call } = await connect(join(place.ladder.folder, '.lazaret'))
  expect((await call('list_tasks')).facts.tasks).toHaveLength(1)
  await place.ladder.runtime.stop()
  expect(await call('list_tasks')).toMatchObject({ isError: true, text: expect.stringContaining('No runtime runs') })
  await place[Symbol.asyncDispose]()
})

test('it ends with its input, also in the middle of a call, and writes nothing but the protocol', async () => {
  await using place = await parked()
  const child = spawn(process.execPath, [mainFile, 'mcp', '--data-dir', join(place.ladder.folder, '.lazaret')])
  onTestFinished(() => void child.kill('SIGKILL'))
  let stdout = ''
  const first = Promise.withResolvers<void>()
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString()
    if (stdout.includes('\n')) first.resolve()
  })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const say = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  child.stdin.write('this is no JSON\n')
  const clientInfo = { name: 'raw', version: '1' }
  say({ id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo } })
  await first.promise
  say({ method: 'notifications/initialized' })
  const proposed = place.ladder.until('repair.proposed')
  const args = { task: place.task, patch: wrongDiff, why: 'x' }
  say({ id: 2, method: 'tools/call', params: { name: 'submit_patch', arguments: args } })
  await proposed
  const judged = place.ladder.until('repair.refused')
  child.stdin.end()
  expect(await ended).toBe(0)
  for (const line of stdout.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' })
  // What was asked goes on where it was asked.
  await judged
})
