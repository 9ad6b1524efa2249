import { existsSync, readdirSync } from 'node:fs'
import { serialize } from 'node:v8'
import { expect, test } from 'vitest'
import type { Remedy } from '../../src/base/remedy.ts'
import type { RepairAgent } from '../../src/repair/agents/agent.ts'
import { agentChain } from '../../src/repair/agents/index.ts'
import { type RepairInput, remedyKey, runRepair } from '../../src/repair/repair.ts'
import { benchWithPool, processesNaming, waitUntil } from '../sandbox/bench.ts'
import { goodCheck, goodText, makePatient, type Patient } from './patient.ts'

const { bench, pool } = benchWithPool()

/** Those that go back to what was. */
const goingBack = agentChain.filter(({ name }) => name === 'playbook' || name.startsWith('restore.'))
const kernel = goodText.replace('return (sum', 'throw new ReferenceError("gone")\n          return (sum')
const error = { name: 'ReferenceError', message: 'gone' }

function inputFor(patient: Patient, told: string[], more: Partial<RepairInput> = {}): RepairInput {
  const limits = { heapMb: 64, externalMb: 64, startMs: 3000, stopMs: 1000, askMs: 1000 }
  return {
    ...{ evidence: patient.evidence, golden: patient.golden, goldenState: patient.goldenState, attempt: 1 },
    spec: {
      ...{ entryUrl: patient.entryUrl, crashOn: 'defects', limits },
      repair: {
        autonomy: 'fix',
        isolation: 'permission',
        maxPerHour: 3,
        expiresMs: 1000,
        maxAttempts: 3,
        timeoutMs: 60_000,
      },
    },
    ...{ dataDir: bench.path('data'), kernelDataDir: bench.path('no-data'), agents: agentChain, run: pool.run },
    ...{ tried: new Set<string>(), signal: new AbortController().signal },
    on: {
      proposed: (remedy) => told.push(`proposed ${remedy.agent}`),
      verified: (remedy) => told.push(`verified ${remedy.agent}`),
      refused: (remedy) => told.push(`refused ${remedy.agent}`),
    },
    ...more,
  }
}

test('the first candidate that holds wins, and every one is told of', async () => {
  const patient = makePatient(bench, 'chain', { kernel, check: goodCheck, error })
  const told: string[] = []
  const steps = [patient.patch('kernel.ts', `${kernel}// no repair\n`)]
  const bad: RepairAgent = {
    name: 'bad',
    propose: async () => [{ agent: 'bad', healedBy: 'code', steps, why: 'a test' }],
  }
  const outcome = await runRepair(inputFor(patient, told, { agents: [bad, ...goingBack] }))
  expect(outcome).toMatchObject({ remedy: { agent: 'restore.code', healedBy: 'code' }, verdict: { passed: true } })
  expect(told).toEqual(['proposed bad', 'refused bad', 'proposed restore.code', 'verified restore.code'])
  expect(readdirSync(bench.path('data/repair'))).toEqual([])
})

test('what was tried before is not tried again, and nothing left is said with the reasons', async () => {
  const patient = makePatient(bench, 'tried', { kernel, error, evidence: { state: serialize(40) } })
  const tried = new Set<string>()
  const first = await runRepair(inputFor(patient, [], { tried }))
  if (!('remedy' in first)) throw new Error('the first attempt found nothing')
  expect(tried).toContain(remedyKey(first.remedy))
  const told: string[] = []
  const second = await runRepair(inputFor(patient, told, { tried, attempt: 2, agents: goingBack }))
  expect(second).toEqual({ exhausted: true, reasons: ['restore.code: tried before in this incident.'] })
  expect(told).toEqual([])
})

test('a workspace that cannot be made is an error, and leaves no timer', async () => {
  const patient = makePatient(bench, 'no-room', { kernel, error })
  bench.write('full/repair', 'a file where the workspaces should be')
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const before = timers()
  await expect(runRepair(inputFor(patient, [], { dataDir: bench.path('full') }))).rejects.toThrow(/ENOTDIR|EEXIST/)
  expect(timers()).toBe(before)
})

test('without a golden snapshot and a playbook there is nothing to go back to, and it is said who was asked', async () => {
  const patient = makePatient(bench, 'bare', { kernel, error })
  const bare = { golden: undefined, goldenState: undefined }
  expect(await runRepair(inputFor(patient, [], { ...bare, agents: goingBack }))).toEqual({
    exhausted: true,
    reasons: ['no agent had anything to propose (asked: playbook, restore.state, restore.config, restore.code)'],
  })
  expect(await runRepair(inputFor(patient, [], bare))).toEqual({
    exhausted: true,
    reasons: [
      expect.stringMatching(/^language-service: TypeScript .* 0 complaints about the 2 files that ran/),
      // The kernel fails at the other message just as well.
      ...Array(2).fill(expect.stringMatching(/^guard: green after: It still fails: ReferenceError: gone/)),
    ],
  })
})

test("a playbook's patch is fitted to the text at hand and goes first; one that does not fit is passed over", async () => {
  const patient = makePatient(bench, 'playbook', { kernel, error })
  const fix = { ...patient.patch('kernel.ts', goodText) }
  const playbook = (steps: Remedy['steps']): Remedy => ({
    ...{ agent: 'playbook', healedBy: 'playbook', steps, why: 'known' },
    playbook: 'p',
  })
  const moved = makePatient(bench, 'playbook2', { kernel: `// a comment\n// another\n${kernel}`, error })
  const told: string[] = []
  const outcome = await runRepair(inputFor(moved, told, { playbook: playbook([fix]), golden: undefined }))
  expect(outcome).toMatchObject({ remedy: { agent: 'playbook', playbook: 'p' } })
  expect(told).toEqual(['proposed playbook', 'verified playbook'])
  const unfit = makePatient(bench, 'playbook3', { kernel: goodText, error })
  const none = await runRepair(inputFor(unfit, [], { playbook: playbook([fix]), golden: undefined }))
  expect(none).toMatchObject({ exhausted: true })
  expect('reasons' in none && none.reasons[0]).toMatch(/^playbook: /)
})

test('an agent that throws is passed over, its reason kept; an approved remedy goes before all', async () => {
  const patient = makePatient(bench, 'approved', { kernel, error })
  const failing = { name: 'clumsy', propose: () => Promise.reject(new Error('no idea')) }
  const outcome = await runRepair(inputFor(patient, [], { agents: [failing], golden: undefined }))
  expect(outcome).toEqual({ exhausted: true, reasons: ['clumsy: no idea'] })
  const approved: Remedy = {
    agent: 'person',
    healedBy: 'person',
    steps: [patient.patch('kernel.ts', goodText)],
    why: 'yes',
  }
  const tried = new Set([remedyKey(approved)])
  expect(await runRepair(inputFor(patient, [], { approved, tried }))).toMatchObject({ remedy: { agent: 'person' } })
})

/** One that was started for the next trial ends on its own. */
const noneLeft = () => waitUntil(() => processesNaming(bench.root).length === 0, 10_000, 'the end of every process')

test('an abort ends the candidate at once, a timeout too and with a reason', async () => {
  const spinning = goodText.replace('return (sum', 'for (;;);\n          return (sum')
  const hung = { name: 'LazaretError', message: 'hung', code: 'KERNEL_HUNG' }
  const patient = makePatient(bench, 'abort', { kernel: spinning, error: hung })
  const controller = new AbortController()
  const run: typeof pool.run = async (job, signal) => {
    const running = pool.run(job, signal)
    await waitUntil(() => processesNaming(job.folder).length > 0, 10_000, 'the start of the candidate')
    controller.abort(new Error('stopped'))
    return running
  }
  await expect(runRepair(inputFor(patient, [], { signal: controller.signal, run }))).rejects.toThrow('stopped')
  await noneLeft()
  expect(existsSync(bench.path('data/repair/inc_abort-1'))).toBe(false)
  const input = inputFor(patient, [])
  const spec = { ...input.spec, repair: { ...input.spec.repair, timeoutMs: 300 } }
  const outcome = await runRepair({ ...input, spec })
  expect(outcome).toMatchObject({ exhausted: true, reasons: ['The 300 ms of this repair are over.'] })
  await noneLeft()
})
