/**
 * What was recorded, held against what is found: the configuration and the sources that a kernel runs with against the
 * files that they came from. Pure: files are read by what is handed in, and nothing is told, mended or remembered but by
 * the ledger, which says of each finding once that it is there and once that it is gone.
 */
import { isDeepStrictEqual } from 'node:util'
import { clipShown, showPath, showValue } from '../base/input-problem.ts'
import { limits } from '../base/limits.ts'
import { isSecretKey, redact, redacted } from '../base/redact.ts'
import type { LoadedFile } from '../base/remedy.ts'
import type { KernelSpec } from '../base/spec.ts'

/** Plain data for events, evidence and people: no secret is in it. */
export interface Finding {
  readonly kind: 'drift' | 'damage'
  /** Absent where it concerns all of them. */
  readonly kernel?: string
  /** A key such as `config.everyMs`, or: kernel, fleet, source, snapshot, golden, hotfix, evidence. */
  readonly what: string
  /** Absolute. */
  readonly path?: string
  readonly expected: string
  readonly found: string
  /** The whole of it in one line. */
  readonly text: string
}

/** A file as it is now: the hash of its text, or why it has none. */
export type FileNow = { readonly sha256: string } | { readonly problem: string }

/** What a kernel runs with. */
export interface RunsWith {
  /** As it was read when the kernel was last started by command, or the runtime was. */
  readonly spec: KernelSpec
  /** As it was handed to start(): another than the spec's where a hotfix replaces it. */
  readonly config: Record<string, unknown> | undefined
}

/**
 * Where the fleet file does not say what the kernel runs with. A value that a hotfix has replaced is no drift while the
 * file says what the hotfix replaced, nor where it says the same as the hotfix by now.
 *
 * @param now what the file says of it; undefined where it does not name the kernel any more.
 * @param file absolute path.
 */
export function configDrift({ spec, config }: RunsWith, now: KernelSpec | undefined, file: string): Finding[] {
  const { id } = spec
  if (now === undefined) {
    const found = 'the fleet file does not name it any more'
    return [drift({ kernel: id, what: 'kernel', path: file, expected: 'in the fleet', found, text: `${id}: ${found}` })]
  }
  const { config: loadedConfig, ...loaded } = spec
  const { config: configNow, ...rest } = now
  const run = { ...loaded, config: config ?? loadedConfig }
  const all = [...differences(loaded, rest, []), ...differences(loadedConfig, configNow, ['config'])]
    .map(({ path, after }) => ({ path, before: valueAt(run, path), after }))
    .filter(({ before, after }) => !isDeepStrictEqual(before, after))
  const findings = all.slice(0, limits.integrityKeys).map(({ path, before, after }) => {
    const what = showPath(path.map((step) => (step === 'entryUrl' ? 'entry' : step)))
    const [expected, found] = [shown(path, before), shown(path, after)]
    const text = `${what} differs from the fleet file: it runs with ${expected}, the file says ${found}`
    return drift({ kernel: id, what, path: file, expected, found, text })
  })
  if (all.length <= limits.integrityKeys) return findings
  const found = `${all.length - limits.integrityKeys} more keys differ`
  return [...findings, drift({ kernel: id, what: 'kernel', path: file, expected: 'none', found, text: found })]
}

/** Kernels that the fleet file names and nobody runs. */
export function unknownKernels(running: ReadonlySet<string>, ids: readonly string[], file: string): Finding[] {
  const unknown = ids.filter((id) => !running.has(id))
  if (unknown.length === 0) return []
  const shownIds = unknown.slice(0, 20).join(', ') + (unknown.length > 20 ? ', ...' : '')
  const text = `the fleet file names ${shownIds}, which this runtime does not run until it is started anew`
  return [drift({ what: 'fleet', path: file, expected: 'the kernels that run', found: shownIds, text })]
}

export function fleetUnreadable(file: string, message: string): Finding {
  // What stands in the line may be a secret; where it stands, and what is accepted there, is enough. A file that cannot
  // be read at all has no line: the system's code is all there is.
  const isOfSystem = /\bE[A-Z]{4,}\b/.test(message)
  const found = clipShown(isOfSystem ? message : message.replace(/ Got: .*$/s, ''), 2000)
  const text = `the fleet file cannot be used any more, so that no kernel can be restarted by command: ${found}`
  return drift({ what: 'fleet', path: file, expected: 'a fleet file that can be read', found, text })
}

/** @param now of the file at a URL. */
export async function sourceDrift(
  kernel: string,
  files: Iterable<LoadedFile>,
  now: (url: string) => Promise<FileNow & { readonly path: string }>,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const { url, sha256 } of files) {
    const file = await now(url)
    const { path } = file
    if ('problem' in file) {
      const text = `${path} ${file.problem}; the kernel runs what was loaded from it`
      findings.push(drift({ kernel, what: 'source', path, expected: sha256, found: file.problem, text }))
    } else if (file.sha256 !== sha256) {
      const text = `${path} has changed since it was loaded (sha256 ${short(file.sha256)}, it was ${short(sha256)})`
      findings.push(drift({ kernel, what: 'source', path, expected: sha256, found: file.sha256, text }))
    }
  }
  const spare = findings.length - limits.integrityKeys
  if (spare <= 0) return findings
  const text = `${spare} more of its files have changed since they were loaded`
  const rest = { kernel, what: 'source', expected: 'none', found: `${spare} files`, text }
  return [...findings.slice(0, limits.integrityKeys), drift(rest)]
}

function short(sha256: string): string {
  return `${sha256.slice(0, 12)}...`
}

function drift(finding: Omit<Finding, 'kind'>): Finding {
  return { kind: 'drift', ...finding }
}

interface Difference {
  readonly path: readonly string[]
  readonly after: unknown
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Key by key; a list counts as one value. */
function differences(before: unknown, after: unknown, path: readonly string[]): Difference[] {
  if (isDeepStrictEqual(before, after)) return []
  if (!isSection(before) || !isSection(after)) return [{ path, after }]
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys].flatMap((key) => differences(own(before, key), own(after, key), [...path, key]))
}

function own(section: unknown, key: string): unknown {
  return isSection(section) && Object.hasOwn(section, key) ? section[key] : undefined
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce(own, value)
}

function shown(path: readonly string[], value: unknown): string {
  if (value !== undefined && path.some(isSecretKey)) return redacted
  return showValue(typeof value === 'string' ? originOnly(value) : redact(value))
}

/** The path of a URL may be a secret, as of webhooks. */
function originOnly(text: string): string {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? URL.parse(text) : null
  return url === null || url.origin === 'null' ? String(redact(text)) : `${url.origin}/...`
}

function isSameThing(a: Finding, b: Finding): boolean {
  return a.kind === b.kind && a.kernel === b.kernel && a.what === b.what && a.path === b.path
}

/** What is found at the moment, scope by scope, so that a look at one kernel says nothing about the others. */
export class FindingLedger {
  readonly #scopes = new Map<string, readonly Finding[]>()

  /**
   * What is found in one scope now. `found`: what is new, or other than it was. `gone`: what was there and is not.
   * @param scope any name; a finding belongs to one.
   */
  replace(scope: string, findings: readonly Finding[]): { found: Finding[]; gone: Finding[] } {
    const before = this.#scopes.get(scope) ?? []
    if (findings.length === 0) this.#scopes.delete(scope)
    else this.#scopes.set(scope, [...findings])
    return {
      found: findings.filter((finding) => !before.some((other) => isDeepStrictEqual(other, finding))),
      gone: before.filter((finding) => !findings.some((other) => isSameThing(other, finding))),
    }
  }

  /** The kernel's, and those that concern all. */
  of(kernel: string): Finding[] {
    return [...this.#scopes.values()].flat().filter((finding) => (finding.kernel ?? kernel) === kernel)
  }
}
