/** Agents from outside in a running fleet: configured, asked after the others, their repair applied. */
import { expect, test, vi } from 'vitest'
import { checkPackages, packagesFor } from '../../src/repair/agents/packages.ts'
import { climb } from '../five-steps/ladder.ts'
import { startScriptedModel } from '../support/scripted-model.ts'

/** Proofs ask it about types; its process has a test of its own. */
vi.mock(import('../../src/repair/language-service/child.ts'), async (original) =>
  (await import('../support/language-service.ts')).inThisProcess(original),
)

/** It fails in start(): no message is to blame, no golden snapshot is there, and no type is wrong. */
const kernel = `import { defineKernel } from 'lazaret/kernel'

export default defineKernel({
  async start(ctx: any) {
    const limit = ctx.config.limits.perMinute
    return { api: { limit: () => limit } }
  },
})
`
const check = `import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async (kernel: any) => {
  if ((await kernel.ask.limit()) !== 60) throw new Error('the default is 60')
})
`

// The language service is asked before, in a process that loads a compiler.
const slowly = { timeout: 90_000 }

test('a kernel that nobody else can mend is mended by the model, and serves again', slowly, async () => {
  const edit = {
    ...{ path: 'kernel.ts', old: 'ctx.config.limits.perMinute', new: 'ctx.config.limits?.perMinute ?? 60' },
  }
  await using model = await startScriptedModel([
    { say: 'The section may be missing.', calls: [{ name: 'read_file', input: { path: 'kernel.ts' } }] },
    {
      calls: [
        { name: 'edit_file', input: edit },
        { name: 'run_replay', input: {} },
      ],
    },
    { calls: [{ name: 'submit', input: { explanation: 'limits may be left out' } }] },
  ])
  const agents = {
    model: { provider: 'openai-compatible', baseUrl: model.url, model: 'scripted', minutes: 1 } as const,
  }
  await using ladder = await climb({ agents, files: { 'kernel.ts': kernel, 'check.ts': check } })
  await ladder.until('kernel.recovered', { seen: true, ms: 80_000 })
  expect(await ladder.runtime.ref('notes').ask.limit?.()).toBe(60)
  const verified = ladder.events.find(({ type }) => type === 'repair.verified')
  expect(verified).toMatchObject({ agent: 'model', cost: { tokensIn: 300, tokensOut: 30, sandboxRuns: 1, usd: 0 } })
  const progress = ladder.events.flatMap(({ type, text, agent }) =>
    type === 'repair.progressed' && agent === 'model' ? [text] : [],
  )
  expect(progress).toContain('says: The section may be missing.')
  // Whoever needs nobody's help is asked first, and had nothing.
  expect(ladder.types().indexOf('repair.proposed')).toBeGreaterThan(ladder.types().indexOf('repair.progressed'))
  await model.idle()
})

test('with an endpoint that refuses, the kernel waits for a person, and the reason says why', slowly, async () => {
  await using model = await startScriptedModel([{ status: 401 }])
  const agents = {
    model: { provider: 'openai-compatible', baseUrl: model.url, model: 'scripted' } as const,
    command: { run: [process.execPath, '-e', 'console.error("not logged in"); process.exit(1)'] },
  }
  await using ladder = await climb({ agents, files: { 'kernel.ts': kernel, 'check.ts': check } })
  const { reasons } = await ladder.until('repair.exhausted', { seen: true, ms: 80_000 })
  expect(reasons).toContain('model: the endpoint answered 401: refused with 401')
  expect(reasons).toContain('command: the program ended with code 1; it said: not logged in')
})

test('packages that are missing are named when the runtime is made, with the command that installs them', () => {
  const model = {
    provider: 'anthropic',
    model: 'm',
    apiKeyEnv: 'K',
    attempts: 1,
    minutes: 1,
    maxTokens: 1,
    maxUsd: 1,
  } as const
  const acp = { run: ['x'], env: [], bind: [], minutes: 1, attempts: 1 }
  expect(packagesFor({ model, acp })).toEqual({ model: ['ai', '@ai-sdk/anthropic'], acp: ['@agentclientprotocol/sdk'] })
  expect(() => checkPackages({ model, acp, command: acp })).not.toThrow()
  expect(() => checkPackages({ command: acp }, () => false)).not.toThrow()
  expect(() => checkPackages({ model }, (name) => name === 'ai')).toThrow(
    'agents.model needs @ai-sdk/anthropic, which is not installed: npm install @ai-sdk/anthropic',
  )
  expect(() => checkPackages({ acp }, () => false)).toThrow(
    expect.objectContaining({
      code: 'PACKAGE_MISSING',
      message: expect.stringContaining('npm install @agentclientprotocol/sdk'),
    }),
  )
})
