/**
 * TypeScript made JavaScript outside the candidate's process. Left to that process, Node loads its type stripper there,
 * which was two thirds of the CPU time of a trial. Runs in the driver, and serveStripped in the process. Types give way to blanks, so places in
 * stacks stay as they were. What cannot be stripped here is left to Node, which says what is wrong with it.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TrialJob } from '../src/repair/trial.ts'

type Texts = Readonly<Record<string, string>>

const isTypeScript = (url: string) => /\.m?ts$/.test(url)
const probeUrl = new URL('./probe.ts', import.meta.url).href
/** Of a module's own imports, by their text; those of types only are gone when it runs. */
const relativeImport = /^(?:import|export)\s(?!type\s)[^'"]*?['"](\.{1,2}\/[^'"]+)['"]/gm

/** The same for every trial of this thread. */
const ownTexts: Record<string, string> = {}

/** Writes JavaScript for the probe into the trial's folder, once; flags to load it with. None where it is JavaScript already. */
export function strippedFlags(folder: string): string[] {
  if (!isTypeScript(import.meta.url)) return []
  if (Object.keys(ownTexts).length === 0) stripGraph(probeUrl, ownTexts)
  const file = join(folder, 'stripped.json')
  if (!existsSync(file)) writeWhole(file, JSON.stringify(ownTexts))
  return ['--import', `data:text/javascript,${encodeURIComponent(hookText(file))}`]
}

/** A process that was started beforehand may be reading it: it is there whole or not at all, and not written twice. */
function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** JavaScript of the files on disk that the kernel and its check are made of, by file URL. */
export function strippedFiles(job: TrialJob): Texts {
  const texts: Record<string, string> = {}
  for (const url of [job.entryUrl, ...(job.checkUrl === undefined ? [] : [job.checkUrl])]) stripGraph(url, texts)
  return texts
}

/** JavaScript of the candidate's own texts, by file URL. */
export function strippedOverlay(job: TrialJob): Texts {
  const texts: Record<string, string> = {}
  for (const [url, { text }] of Object.entries(job.overlay)) {
    const stripped = isTypeScript(url) ? strip(text) : undefined
    if (stripped !== undefined) texts[url] = stripped
  }
  return texts
}

function stripGraph(url: string, texts: Record<string, string>): void {
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

/**
 * Has Node load these texts in place of the TypeScript on disk. In a package that is not of type module the same text may
 * be CommonJS: Node decides that, and strips it.
 */
export function serveStripped(texts: Texts): void {
  registerHooks({
    load(url, context, next) {
      if (context.format !== 'module-typescript' || !Object.hasOwn(texts, url)) return next(url, context)
      return { format: 'module', source: texts[url] as string, shortCircuit: true }
    },
  })
}

/** The same for the probe itself, before there is a file of ours that could be loaded. */
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
