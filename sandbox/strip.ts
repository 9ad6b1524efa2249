/**
 * TypeScript made JavaScript before the candidate's process starts. Left to that process, Node loads its type stripper
 * there, which was two thirds of the CPU time of a trial. Runs in the driver. Types give way to blanks, so places in
 * stacks stay as they were. What cannot be stripped here is left to Node, which says what is wrong with it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TrialJob } from '../src/repair/trial.ts'

type Texts = Record<string, string>

const isTypeScript = (url: string) => /\.m?ts$/.test(url)
const probeUrl = new URL('./probe.ts', import.meta.url).href
/** Of a module's own imports, by their text; those of types only are gone when it runs. */
const relativeImport = /^(?:import|export)\s(?!type\s)[^'"]*?['"](\.{1,2}\/[^'"]+)['"]/gm

/** The same for every trial of this thread. */
const ownTexts: Texts = {}

/** JavaScript for the probe and the kernel's graph, by file URL, written into the trial's folder; flags to load it with. */
export function strippedFlags(job: TrialJob): string[] {
  const texts: Texts = {}
  for (const url of [job.entryUrl, ...(job.checkUrl === undefined ? [] : [job.checkUrl])]) stripGraph(url, texts)
  if (isTypeScript(import.meta.url)) {
    if (Object.keys(ownTexts).length === 0) stripGraph(probeUrl, ownTexts)
    Object.assign(texts, ownTexts)
  }
  if (Object.keys(texts).length === 0) return []
  const file = join(job.folder, 'stripped.json')
  writeFileSync(file, JSON.stringify(texts), { mode: 0o600 })
  return ['--import', `data:text/javascript,${encodeURIComponent(hookText(file))}`]
}

/** JavaScript of the candidate's own texts, by file URL. */
export function strippedOverlay(job: TrialJob): Texts {
  const texts: Texts = {}
  for (const [url, { text }] of Object.entries(job.overlay)) {
    const stripped = isTypeScript(url) ? strip(text) : undefined
    if (stripped !== undefined) texts[url] = stripped
  }
  return texts
}

function stripGraph(url: string, texts: Texts): void {
  if (!isTypeScript(url) || Object.hasOwn(texts, url)) return
  const text = readText(url)
  const stripped = text === undefined ? undefined : strip(text)
  if (text === undefined || stripped === undefined) return
  texts[url] = stripped
  for (const [, specifier = ''] of text.matchAll(relativeImport)) stripGraph(new URL(specifier, url).href, texts)
}

function strip(text: string): string | undefined {
  try {
    return stripTypeScriptTypes(text)
  } catch {
    // No TypeScript, or with syntax that needs more than stripping.
    return undefined
  }
}

function readText(url: string): string | undefined {
  try {
    return readFileSync(fileURLToPath(url), 'utf8')
  } catch {
    // The candidate's own failure to import; it will say so.
    return undefined
  }
}

/** In a package that is not of type module the same text may be CommonJS: Node decides that, and strips it. */
function hookText(file: string): string {
  return `import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
const texts = JSON.parse(readFileSync(${JSON.stringify(file)}, 'utf8'))
registerHooks({
  load(url, context, next) {
    if (context.format !== 'module-typescript' || !Object.hasOwn(texts, url)) return next(url, context)
    return { format: 'module', source: texts[url], shortCircuit: true }
  },
})`
}
