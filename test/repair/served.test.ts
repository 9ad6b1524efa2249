/** A hotfix is served as the kind of file that it mends. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/base/hash.ts'
import type { Overlay } from '../../src/base/remedy.ts'
import { climb, fast, notesCheck } from '../five-steps/ladder.ts'

const files: Record<string, string> = {
  'package.json': '{}',
  'module/package.json': '{ "type": "module" }',
  'module/index.js': `import json from '../data.json' with { type: 'json' }
import common from '../common.cjs'
import typed from '../typed.cts'
import untyped from '../untyped.js'
import * as untypedModule from '../untyped-module.js'
import untypedScript from '../untyped-script.ts'
import * as script from '../script.mts'
import * as own from './own.ts'
export default { json: json.is, common, typed, untyped, untypedModule: untypedModule.is, untypedScript, script: script.is, own: own.is }`,
  'data.json': '{ "is": "BAD" }',
  'common.cjs': `module.exports = { is: 'BAD', required: require('./required.cjs'), json: require('./data.json').is, file: typeof __filename }`,
  'required.cjs': `exports.is = 'BAD'`,
  'typed.cts': `const is: string = 'BAD'; module.exports = is`,
  'untyped.js': `module.exports = 'BAD'`,
  'untyped-module.js': `export const is = 'BAD'`,
  'untyped-script.ts': `const is: string = 'BAD'; module.exports = is`,
  'script.mts': `export const is: string = 'BAD'`,
  'module/own.ts': `export const is: string = 'BAD'`,
}

test('JSON, CommonJS, modules and TypeScript of each, imported and required', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-served-'))
  try {
    mkdirSync(join(folder, 'module'))
    const overlay: Record<string, Overlay[string]> = {}
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text)
      const mended = { preimageSha256: sha256(text), text: text.replaceAll('BAD', 'good') }
      if (text.includes('BAD')) overlay[pathToFileURL(join(folder, name)).href] = mended
    }
    const loaderUrl = new URL('../../src/actor/loader.ts', import.meta.url).href
    const code = `import { parentPort, workerData } from 'node:worker_threads'
import { installLoader } from ${JSON.stringify(loaderUrl)}
installLoader(workerData.overlay)
parentPort.postMessage((await import(workerData.entry)).default)`
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
      workerData: { overlay, entry: pathToFileURL(join(folder, 'module/index.js')).href },
      stderr: true,
    })
    const seen = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
    await worker.terminate()
    const good = 'good'
    expect(seen).toEqual({
      ...{ json: good, typed: good, untyped: good, untypedModule: good, untypedScript: good, script: good, own: good },
      common: { is: good, required: { is: good }, json: good, file: 'string' },
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a regression in a .cts file, in a folder whose name a URL would spell otherwise, is reverted', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'lazaret-spelt-'))
  const folder = join(parent, 'a+b @c,d=e&f;g$h é %41 #1')
  mkdirSync(folder)
  const written = {
    'package.json': '{ "type": "module" }',
    'words.cts': `const has = (text: string, query: string): boolean => text.includes(query)\nmodule.exports = { has }\n`,
    'check.ts': notesCheck,
    'kernel.ts': `import { defineKernel } from 'lazaret/kernel'
import words from './words.cts'
const notes = new Map()
export default defineKernel({ start: () => ({ api: {
  put: (id, text) => notes.set(id, text).size,
  find: (query) => [...notes.values(), 'none'].filter((text) => words.has(text, query)).length,
} }) })
`,
  }
  for (const [name, text] of Object.entries(written)) writeFileSync(join(folder, name), text)
  try {
    await using ladder = await climb({ folder, keep: true, kernels: [{ id: 'notes', ...fast }] })
    await ladder.until('snapshot.golden', { seen: true })
    ladder.edit('words.cts', (text) => text.replace('text.includes', 'text.inclodes'))
    await ladder.runtime.kernel('notes').restart()
    await ladder.askUntilDown('find')
    expect(await ladder.until('kernel.recovered')).toMatchObject({ healedBy: 'code' })
    expect(await ladder.runtime.ref('notes').ask.find?.('on')).toBe(1)
  } finally {
    rmSync(parent, { recursive: true, force: true })
  }
})
