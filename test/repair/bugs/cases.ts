/**
 * The corpus: broken kernels as they occur in real services, read from the folders beside this file (README.md says what
 * is in one). Loading checks everything that can be seen without running the code, so a case that is written wrongly is
 * an error that names its file and key. It runs nothing: bugs.test.ts and the bench of agents do.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serialize } from 'node:v8'
import { z } from 'zod'
import { LazaretError } from '../../../src/base/errors.ts'
import { type KeyPath, showValue } from '../../../src/base/input-problem.ts'
import type { RecordedMessage } from '../../../src/base/remedy.ts'
import { readYamlFile, type YamlFile } from '../../../src/base/yaml-file.ts'
import { decodeValue } from './values.ts'

export const bugKinds = ['imports', 'names', 'async', 'state', 'config', 'input', 'resource', 'regression'] as const
export type BugKind = (typeof bugKinds)[number]
const phases = ['import', 'start', 'message', 'idle'] as const
const outcomes = ['repaired', 'parked', 'refused'] as const

/** Source texts by path relative to the kernel's folder, with `/`. */
export type Sources = Readonly<Record<string, string>>

export interface BugCall {
  readonly method: string
  readonly args: readonly unknown[]
}

export interface BugCase {
  /** Name of its folder: `<kind>-<what>`. */
  readonly name: string
  /** Absolute path. */
  readonly folder: string
  readonly kind: BugKind
  readonly title: string
  /** Where this kind of defect was seen in the wild. */
  readonly seen: string
  readonly story: string
  /** `error` is to match the name, the message or the code of the error. */
  readonly fails: { readonly phase: (typeof phases)[number]; readonly error: RegExp }
  readonly config: Readonly<Record<string, unknown>>
  /** That of the golden run: `config` where the file names none. */
  readonly goldenConfig: Readonly<Record<string, unknown>>
  /** What callers send to the golden kernel; none of it fails. */
  readonly traffic: readonly BugCall[]
  /** What is sent to the broken kernel; the last one fails, unless it fails before, or idle after it. */
  readonly failing: readonly BugCall[]
  /** That the broken instance is started from. A wrapped value, because the state itself may be null. */
  readonly state?: { readonly value: unknown }
  /** That the golden run is started from. */
  readonly goldenState?: { readonly value: unknown }
  readonly mends: (typeof outcomes)[number]
  /** Where it is refused: why no program can honestly know the right fix. */
  readonly why?: string
  /** With what hidden.ts holds on the mended kernel, where that is neither the golden nor the failing configuration. */
  readonly hiddenOn: {
    readonly config?: Readonly<Record<string, unknown>>
    readonly state?: { readonly value: unknown }
  }
  /** `kernel.ts`, or `kernel.js`. */
  readonly entry: string
  readonly golden?: Sources
  readonly broken: Sources
  /** Files of the right fix that differ from broken; absent where no code is to be mended. */
  readonly mended?: Sources
  readonly check: string
  readonly hidden: string
}

function text(accepted: string) {
  return z.string(accepted).min(1, accepted)
}

function oneOf<const T extends readonly [string, ...string[]]>(words: T) {
  return z.enum(words, `one of ${words.join(', ')}`)
}

const regex = text('a regular expression').superRefine((source, ctx) => {
  try {
    new RegExp(source)
  } catch (thrown) {
    ctx.addIssue({ code: 'custom', message: `a regular expression (${(thrown as Error).message})` })
  }
})
const settings = z.record(z.string(), z.unknown(), 'a map of settings')
const callShape = z.strictObject(
  { method: text('the name of a method'), args: z.array(z.unknown(), 'a list of arguments').default([]) },
  'a call: { method, args }',
)
const calls = z.array(callShape, 'a list of calls { method, args }')

const bugKeys = {
  kind: oneOf(bugKinds),
  title: text('one line that says what is wrong'),
  seen: z.url({ protocol: /^https$/, error: 'the https:// address of a page where this kind of defect was seen' }),
  story: text('two or three sentences: who changed what, and what happened'),
  fails: z.strictObject({ phase: oneOf(phases), error: regex }, 'a section with the keys phase and error'),
  config: settings.default({}),
  goldenConfig: settings.optional(),
  traffic: calls.default([]),
  failing: calls.default([]),
  state: z.unknown().optional(),
  goldenState: z.unknown().optional(),
  mends: oneOf(outcomes),
  why: text('a sentence that says why no program can know').optional(),
  hiddenOn: z
    .strictObject({ config: settings.optional(), state: z.unknown().optional() }, 'a section with config and state')
    .default({}),
}
const bugShape = z.strictObject(bugKeys, `a section with the keys ${Object.keys(bugKeys).join(', ')}`)
type BugFacts = z.output<typeof bugShape>

const corpus = fileURLToPath(new URL('./', import.meta.url))

/**
 * Every case, in the order of their names.
 * @param folder that holds the cases, one folder each; default: the corpus.
 * @throws LazaretError OPTION_INVALID for the first case that is written wrongly: file, key, accepted, got.
 */
export function loadCases(folder: string = corpus): BugCase[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .map((name) => loadCase(join(folder, name), name))
}

/** A call as the flight recorder keeps it. */
export function recordedCall({ method, args }: BugCall): RecordedMessage {
  return { kind: 'ask', from: 'host', method, args: serialize(args), at: 0 }
}

/** The kernel's files as they are when the right code is in place. */
export function mendedSources({ broken, mended = {} }: Pick<BugCase, 'broken' | 'mended'>): Sources {
  return { ...broken, ...mended }
}

function loadCase(folder: string, name: string): BugCase {
  const file = readYamlFile(join(folder, 'bug.yaml'), { code: 'OPTION_INVALID' })
  const facts = factsOf(file)
  if (!name.startsWith(`${facts.kind}-`)) {
    refuse(file, ['kind'], `what the folder's name begins with (${name})`, facts.kind)
  }
  const broken = sourcesIn(folder, 'broken')
  if (broken === undefined) return missing(folder, 'broken/', 'the kernel as it runs when it fails')
  const entry = ['kernel.ts', 'kernel.js'].find((candidate) => candidate in broken)
  if (entry === undefined) return missing(folder, 'broken/kernel.ts', 'the entry of the kernel')
  const golden = sourcesIn(folder, 'golden')
  const mended = sourcesIn(folder, 'mended')
  checkMeaning(file, facts, { golden, mended, broken })
  const { fails, goldenConfig, state, goldenState, why, hiddenOn, ...rest } = decodedFacts(file, facts)
  return {
    ...{ name, folder, ...rest, fails: { phase: fails.phase, error: new RegExp(fails.error) } },
    goldenConfig: goldenConfig ?? rest.config,
    ...('state' in facts ? { state: { value: state } } : {}),
    ...('goldenState' in facts ? { goldenState: { value: goldenState } } : {}),
    ...(why === undefined ? {} : { why }),
    hiddenOn: {
      ...(hiddenOn.config === undefined ? {} : { config: hiddenOn.config }),
      ...('state' in hiddenOn ? { state: { value: hiddenOn.state } } : {}),
    },
    ...{ entry, broken },
    ...(golden === undefined ? {} : { golden }),
    ...(mended === undefined ? {} : { mended }),
    ...{ check: required(folder, 'check.ts'), hidden: required(folder, 'hidden.ts') },
  }
}

/** Every value of these keys may hold stand-ins. */
function decodedFacts(file: YamlFile, facts: BugFacts): BugFacts {
  const read = { ...facts }
  for (const key of ['config', 'goldenConfig', 'traffic', 'failing', 'state', 'goldenState', 'hiddenOn'] as const) {
    if (!(key in facts)) continue
    try {
      Object.assign(read, { [key]: decodeValue(facts[key]) })
    } catch (thrown) {
      refuse(file, [key], `values that README.md lists (${(thrown as Error).message})`, facts[key])
    }
  }
  return read
}

function factsOf(file: YamlFile): BugFacts {
  const parsed = bugShape.safeParse(file.value)
  if (parsed.success) return parsed.data
  const [first] = parsed.error.issues
  if (first === undefined) throw new Error(`${file.file} was refused without a reason`)
  const unknown = first.code === 'unrecognized_keys' ? first.keys[0] : undefined
  const path = [...first.path, ...(unknown === undefined ? [] : [unknown])] as KeyPath
  const accepted = unknown === undefined ? first.message : 'one of the keys that README.md lists'
  let got: unknown = file.value
  for (const step of first.path) got = Object(got)[step as string]
  return refuse(file, path, accepted, unknown ?? got)
}

/** What the shapes of the keys cannot say: which of them belong together. */
function checkMeaning(
  file: YamlFile,
  facts: BugFacts,
  { golden, mended, broken }: { golden?: Sources | undefined; mended?: Sources | undefined; broken: Sources },
): void {
  const { mends, why, fails, failing, traffic } = facts
  if (mends === 'refused' && why === undefined) refuse(file, ['why'], 'given where mends is refused', why)
  if (mends !== 'refused' && why !== undefined) refuse(file, ['why'], 'absent unless mends is refused', why)
  if (mends === 'parked' && mended !== undefined) {
    refuse(file, ['mends'], 'repaired or refused where there is a mended/ folder', mends)
  }
  if (mends === 'parked' && fails.phase !== 'message' && fails.phase !== 'idle') {
    refuse(file, ['mends'], 'parked only where a message fails, or what comes of it', mends)
  }
  if (fails.phase === 'message' && failing.length === 0) refuse(file, ['failing'], 'at least the failing call', failing)
  if (golden !== undefined && traffic.length === 0)
    refuse(file, ['traffic'], 'healthy calls to the golden kernel', traffic)
  for (const [name, source] of Object.entries(mended ?? {})) {
    if (broken[name] === source)
      refuse(file, ['mends'], `without mended/${name}, which is the same as broken/${name}`, mends)
  }
}

function refuse(file: YamlFile, path: KeyPath, accepted: string, got: unknown): never {
  throw file.error({ path, accepted, got: showValue(got), advice: 'See test/repair/bugs/README.md.' })
}

function missing(folder: string, name: string, what: string): never {
  throw new LazaretError('OPTION_INVALID', `${join(folder, name)} must be there: ${what}. Got: nothing.`, {
    hint: 'See test/repair/bugs/README.md.',
  })
}

function required(folder: string, name: string): string {
  if (!existsSync(join(folder, name))) missing(folder, name, 'a check made by defineCheck')
  return readFileSync(join(folder, name), 'utf8')
}

/** Undefined where there is no such folder. */
function sourcesIn(folder: string, part: string): Sources | undefined {
  const root = join(folder, part)
  if (!existsSync(root)) return undefined
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort()
  return Object.fromEntries(
    paths.map((path) => [relative(root, path).split(sep).join('/'), readFileSync(path, 'utf8')]),
  )
}
