/** A kernel that has failed, as a repair sees it: files on disk, evidence, a golden snapshot. */
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serialize } from 'node:v8'
import type { ErrorRecord } from '../../src/base/error-record.ts'
import { sha256 } from '../../src/base/hash.ts'
import type { Evidence, Golden, RemedyStep } from '../../src/base/remedy.ts'
import { makePatch } from '../../src/repair/patch.ts'
import type { ProofInput } from '../../src/repair/verification/proof.ts'
import { makeWorkspace } from '../../src/repair/workspace.ts'
import { type Bench, message } from '../sandbox/bench.ts'

export const goodText = `import { defineKernel } from 'lazaret/kernel'
import { double } from './double.ts'
export default defineKernel({
  start(ctx: any) {
    let sum: number = ctx.restored ?? 0
    if (typeof sum !== 'number') throw new Error('state of another kind')
    if (ctx.config.step < 1) throw new RangeError('step too small')
    return {
      api: {
        add(by: number) {
          return (sum += double(by) * ctx.config.step)
        },
        sum: () => sum,
      },
      snapshot: () => sum,
    }
  },
})
`
export const goodDouble = 'export const double = (by: number) => 2 * by\n'
export const goodConfig = { step: 1 }
export const goodCheck = `import { defineCheck } from 'lazaret/kernel'
export default defineCheck(async (kernel: any) => {
  if ((await kernel.ask.add(2)) !== 4) throw new Error('it does not add')
})
`

export interface PatientOptions {
  /** What stands on disk and ran at the crash, in place of the good texts. */
  readonly kernel?: string
  readonly double?: string
  readonly check?: string
  readonly error: ErrorRecord
  readonly evidence?: Partial<Evidence>
}

export interface Patient {
  readonly entryUrl: string
  readonly kernelFolderUrl: string
  readonly evidence: Evidence
  readonly golden: Golden
  readonly goldenState: Uint8Array
  input(steps: readonly RemedyStep[], more?: Partial<ProofInput>): Promise<ProofInput>
  /** The step that turns the text on disk into this one. */
  patch(file: string, text: string): RemedyStep
}

export function makePatient(bench: Bench, name: string, options: PatientOptions): Patient {
  const entryUrl = bench.write(`${name}/kernel.ts`, options.kernel ?? goodText)
  const doubleUrl = bench.write(`${name}/double.ts`, options.double ?? goodDouble)
  const checkUrl = options.check === undefined ? undefined : bench.write(`${name}/check.ts`, options.check)
  const urls = [entryUrl, doubleUrl]
  const folder = bench.path(`${name}-evidence`)
  mkdirSync(folder)
  const evidence: Evidence = {
    ...{ kernel: 'patient', incident: `inc_${name}`, fingerprint: 'f', error: options.error, phase: 'message', folder },
    files: urls.map((url) => {
      const text = readFileSync(fileURLToPath(url), 'utf8')
      return { url, text, sha256: sha256(text) }
    }),
    config: goodConfig,
    messages: [message('add', 1), message('add', 2)],
    replies: [],
    ...options.evidence,
  }
  const golden: Golden = {
    ...{ kernel: 'patient', at: 1, snapshot: 'good', codeSha256: 'g', config: goodConfig },
    sources: { [entryUrl]: goodText, [doubleUrl]: goodDouble },
  }
  const goldenState = serialize(40)
  return {
    ...{ entryUrl, kernelFolderUrl: new URL('./', entryUrl).href, evidence, golden, goldenState },
    async input(steps, more = {}) {
      const root = bench.path('repair')
      const dataDirOfKernel = join(dirname(fileURLToPath(entryUrl)), 'none')
      const workspace = await makeWorkspace({ root, incident: name, attempt: 1, evidence, dataDirOfKernel })
      return {
        ...{ evidence, golden, goldenState, entryUrl, checkUrl, crashOn: 'defects', workspace, memo: {} },
        remedy: { agent: 'test', healedBy: 'code', steps, why: 'a test' },
        compiledDir: process.env.NODE_COMPILE_CACHE,
        ...{ signal: new AbortController().signal, bounds: { settleMs: 50, messageMs: 500, startMs: 3000 } },
        ...more,
      }
    },
    patch(file, text) {
      const before = readFileSync(join(dirname(fileURLToPath(entryUrl)), file), 'utf8')
      return { do: 'apply_patch', file, preimageSha256: sha256(before), patch: makePatch(file, before, text) }
    },
  }
}
