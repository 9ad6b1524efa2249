import { rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { deserialize, serialize } from 'node:v8'
import { expect, test, vi } from 'vitest'
import { sha256 } from '../../src/base/hash.ts'
import { type ProofLineName, proofLineNames, type Verdict } from '../../src/base/remedy.ts'
import type { TrialJob } from '../../src/repair/trial.ts'
import { isSameFailure, prove } from '../../src/repair/verification/proof.ts'
import { benchWithPool, message } from '../sandbox/bench.ts'
import { goodCheck, goodDouble, goodText, makePatient, type PatientOptions } from './patient.ts'

/** Proofs ask it about types; its process has a test of its own. */
vi.mock(import('../../src/repair/language-service/child.ts'), async (original) =>
  (await import('../support/language-service.ts')).inThisProcess(original),
)

const { bench, pool } = benchWithPool()

const names = (verdict: Verdict) => verdict.lines.map(({ name, passed }) => `${name}: ${passed}`)
const allGreen = proofLineNames.map((name) => `${name}: true`)
/** Refused before or at this line: types are looked at beside the trials, and are not waited for then. */
const refusedAt = (last: ProofLineName) => {
  const before = proofLineNames.slice(0, proofLineNames.indexOf(last)).filter((name) => name !== 'types')
  return [...before.map((name) => `${name}: true`), `${last}: false`]
}
const detailOf = (verdict: Verdict, name: ProofLineName) => verdict.lines.find((line) => line.name === name)?.detail
const broken = (line: string) => goodText.replace('return (sum', `${line}\n          return (sum`)

const error = (name: string, code?: string) => ({ name, message: 'x', ...(code === undefined ? {} : { code }) })

const regressions: [string, PatientOptions][] = [
  ['a regression in code', { kernel: broken('throw new ReferenceError("gone")'), error: error('ReferenceError') }],
  ['a spin on one message', { kernel: broken('if (by === 2) for (;;);'), error: error('LazaretError', 'KERNEL_HUNG') }],
  [
    'a late rejection',
    {
      kernel: broken('setTimeout(() => { void Promise.reject(new EvalError("late")) }, 5)'),
      error: error('EvalError'),
    },
  ],
  ['an exit', { kernel: broken('process.exit(0)'), error: error('LazaretError', 'KERNEL_EXITED') }],
  [
    'an import that fails',
    {
      kernel: goodText.replace('./double.ts', './doubel.ts'),
      error: error('Error', 'ERR_MODULE_NOT_FOUND'),
      evidence: { phase: 'import' },
    },
  ],
  [
    'a syntax error',
    {
      kernel: `${goodText}\n)`,
      error: error('SyntaxError', 'ERR_INVALID_TYPESCRIPT_SYNTAX'),
      evidence: { phase: 'import' },
    },
  ],
]

test.each(regressions)('%s is red before and green with the good text', async (name, options) => {
  const patient = makePatient(bench, `code-${name.replaceAll(' ', '-')}`, { ...options, check: goodCheck })
  const verdict = await prove(await patient.input([patient.patch('kernel.ts', goodText)]), pool.run)
  expect({ lines: names(verdict), refusal: verdict.refusal }).toEqual({ lines: allGreen, refusal: undefined })
  expect(verdict.passed).toBe(true)
  for (const line of verdict.lines) expect(line.detail).toMatch(/^[A-Z0-9].*\.$/)
})

test('a failure while idle is waited for', async () => {
  const late = goodText.replace('let sum', "setTimeout(() => { throw new URIError('late') }, 400)\n    let sum")
  const patient = makePatient(bench, 'idle', { kernel: late, error: error('URIError'), evidence: { phase: 'idle' } })
  const input = await patient.input([patient.patch('kernel.ts', goodText)], { bounds: {} })
  expect(names(await prove(input, pool.run))).toEqual(allGreen)
})

test('a bad configuration is mended by the golden one', async () => {
  const patient = makePatient(bench, 'config', {
    ...{ check: goodCheck, error: error('RangeError'), evidence: { config: { step: 0 }, phase: 'start' } },
  })
  expect(names(await prove(await patient.input([{ do: 'restore_config' }]), pool.run))).toEqual(allGreen)
})

test('a corrupt state is mended by the golden one', async () => {
  const patient = makePatient(bench, 'state', {
    ...{ error: error('Error'), evidence: { state: serialize('text'), phase: 'start' } },
  })
  const verdict = await prove(await patient.input([{ do: 'restore_state' }]), pool.run)
  expect(names(verdict)).toEqual(allGreen)
  expect(detailOf(verdict, 'check')).toContain('no check.ts')
})

test('a poison message is mended by leaving it out, and only by that one', async () => {
  const poison = message('add', 13)
  const patient = makePatient(bench, 'poison', {
    kernel: broken('if (by === 13) throw new ReferenceError("thirteen")'),
    ...{ error: error('ReferenceError'), evidence: { messages: [message('add', 1), poison, message('add', 2)] } },
  })
  const park = (args: Uint8Array) => [{ do: 'park_message', method: 'add', argsSha256: sha256(args) } as const]
  expect(names(await prove(await patient.input(park(poison.args)), pool.run))).toEqual(allGreen)
  const other = await prove(await patient.input(park(message('add', 1).args)), pool.run)
  expect(names(other)).toEqual(refusedAt('green after'))
  expect(other.refusal).toContain('It still fails')
})

test('a remedy that does not mend is refused at green, one that breaks the check at the check', async () => {
  const kernel = broken('throw new ReferenceError("gone")')
  const patient = makePatient(bench, 'wrong', { kernel, check: goodCheck, error: error('ReferenceError') })
  const still = await prove(await patient.input([patient.patch('kernel.ts', `${kernel}// mended\n`)]), pool.run)
  expect(names(still)).toEqual(refusedAt('green after'))
  const silent = broken('return 0')
  const wrong = await prove(await patient.input([patient.patch('kernel.ts', silent)]), pool.run)
  expect(names(wrong)).toEqual(refusedAt('check'))
  expect(wrong.refusal).toContain('it does not add')
})

test('what is not reproduced, or fails otherwise, proves nothing', async () => {
  const healthy = makePatient(bench, 'healthy', { error: error('ReferenceError') })
  const patch = healthy.patch('double.ts', goodDouble.replace('2 *', '2  *'))
  const verdict = await prove(await healthy.input([patch]), pool.run)
  expect(names(verdict)).toEqual(refusedAt('red before'))
  expect(verdict.refusal).toContain('Not reproduced in the sandbox')
  const other = makePatient(bench, 'other', {
    kernel: broken('throw new RangeError()'),
    error: error('ReferenceError'),
  })
  expect(names(await prove(await other.input([patch]), pool.run))).toEqual(refusedAt('red before'))
})

test('a patch to what is protected, and one that does not fit, are refused before anything runs', async () => {
  const patient = makePatient(bench, 'guarded', { check: goodCheck, error: error('ReferenceError') })
  const runs: TrialJob[] = []
  const run = async (job: TrialJob, signal: AbortSignal) => {
    runs.push(job)
    return pool.run(job, signal)
  }
  const unfit = {
    ...patient.patch('double.ts', `${goodDouble}//\n`),
    patch: '--- a/double.ts\n+++ b/double.ts\n@@ -1 +1 @@\n-no\n+yes\n',
  }
  for (const step of [patient.patch('check.ts', `${goodCheck}//\n`), unfit]) {
    const verdict = await prove(await patient.input([step]), run)
    expect(names(verdict)).toEqual(['protected: false'])
    expect(verdict.passed).toBe(false)
  }
  const noGolden = await prove(await patient.input([{ do: 'restore_config' }], { golden: undefined }), run)
  expect(noGolden.refusal).toContain('golden snapshot')
  expect(runs).toEqual([])
})

test('a file that changed since the crash ends the proof', async () => {
  const patient = makePatient(bench, 'moved', { error: error('ReferenceError') })
  const step = patient.patch('double.ts', `${goodDouble}//\n`)
  const input = await patient.input([step])
  writeFileSync(fileURLToPath(patient.entryUrl), `${goodText}// by a person\n`)
  expect((await prove(input, pool.run)).refusal).toContain('changed since the crash')
})

test('what runs without the patch is run once for an incident, but for the run after the patch is taken away', async () => {
  const kernel = broken('throw new ReferenceError("gone")')
  const patient = makePatient(bench, 'memo', { kernel, error: error('ReferenceError') })
  const unpatched: unknown[] = []
  const run = async (job: TrialJob, signal: AbortSignal) => {
    if (Object.keys(job.overlay).length === 0) unpatched.push(job.messages.map(({ args }) => deserialize(args)[0]))
    return pool.run(job, signal)
  }
  const memo = {}
  for (const text of [`${kernel}// mended\n`, goodText, goodText.replace('return (sum', 'return  (sum')]) {
    await prove(await patient.input([patient.patch('kernel.ts', text)], { memo }), run)
  }
  const recorded = [1, 2]
  const nearMisses = [[2], [0]]
  const ofEach = (list: unknown[]) => list.map((each) => JSON.stringify(each)).sort()
  expect(ofEach(unpatched)).toEqual(ofEach([recorded, ...nearMisses, recorded, recorded]))
})

test('the hotfix in force is part of the failing code, and stays where the remedy does not touch it', async () => {
  const patient = makePatient(bench, 'hotfixed', { error: error('ReferenceError') })
  const bad = broken('throw new ReferenceError("by the hotfix")')
  const files = patient.evidence.files.map((file) => (file.url === patient.entryUrl ? { ...file, text: bad } : file))
  const evidence = { ...patient.evidence, files }
  const back = { do: 'restore_state' } as const
  const kept = await prove(await patient.input([back], { evidence }), pool.run)
  expect(names(kept)).toEqual(refusedAt('green after'))
})

test('a kernel that needs what the cage withholds goes to a person', async () => {
  const kernel = goodText.replace(
    'let sum',
    "process.getBuiltinModule('node:fs').readFileSync('/etc/hostname')\n    let sum",
  )
  const patient = makePatient(bench, 'caged', { kernel, error: error('ReferenceError') })
  const verdict = await prove(await patient.input([patient.patch('kernel.ts', goodText)]), pool.run)
  expect(verdict.refusal).toContain('CAGE_UNSUITABLE')
  expect(verdict.refusal).toContain('/etc/hostname')
})

test.each([
  [{ name: 'E', code: 'A' }, { outcome: 'failed', error: { name: 'E', code: 'A' } }, true],
  [{ name: 'E', code: 'A' }, { outcome: 'failed', error: { name: 'E', code: 'B' } }, false],
  [{ name: 'E' }, { outcome: 'hung', error: { name: 'E' } }, false],
  [{ name: 'L', code: 'KERNEL_HUNG' }, { outcome: 'hung' }, true],
  [{ name: 'L', code: 'KERNEL_START_TIMEOUT' }, { outcome: 'hung' }, true],
  [{ name: 'L', code: 'KERNEL_EXITED' }, { outcome: 'exited', error: { code: 'KERNEL_EXITED' } }, true],
  [{ name: 'L', code: 'KERNEL_EXITED' }, { outcome: 'exited', error: { code: 'KERNEL_OUT_OF_MEMORY' } }, false],
  [{ name: 'L', code: 'KERNEL_OUT_OF_MEMORY' }, { outcome: 'exited', error: { code: 'KERNEL_OUT_OF_MEMORY' } }, true],
  [{ name: 'E' }, { outcome: 'passed' }, false],
] as const)('%j against %j is the same failure: %s', (incident, result, same) => {
  const whole = (record: object | undefined) => record && { name: 'L', message: '', ...record }
  const found = 'error' in result ? { outcome: result.outcome, error: whole(result.error) } : result
  expect(isSameFailure({ error: { message: '', ...incident } }, found as never)).toBe(same)
})

test('an abort ends the proof with its reason', async () => {
  const patient = makePatient(bench, 'aborted', { error: error('ReferenceError') })
  const controller = new AbortController()
  const input = await patient.input([{ do: 'restore_state' }], { signal: controller.signal })
  const run = (job: TrialJob, signal: AbortSignal) => {
    controller.abort(new Error('stopped'))
    return pool.run(job, signal)
  }
  await expect(prove(input, run)).rejects.toThrow('stopped')
  rmSync(input.workspace.folder, { recursive: true, force: true })
})

test("a playbook's remedy gets the full proof, with the parser alone and one near miss", async () => {
  const kernel = broken('throw new ReferenceError("gone")')
  const patient = makePatient(bench, 'by-playbook', { kernel, check: goodCheck, error: error('ReferenceError') })
  const input = await patient.input([patient.patch('kernel.ts', `${goodText}// by a playbook\n`)])
  const verdict = await prove({ ...input, remedy: { ...input.remedy, playbook: 'p' } }, pool.run)
  expect(names(verdict)).toEqual(allGreen)
  expect(detailOf(verdict, 'types')).toBe('The changed file parses; types were compared when the playbook was learnt.')
  expect(detailOf(verdict, 'mutation')).toBe('1 of 1 near miss fails without the patch and is handled with it.')
})
