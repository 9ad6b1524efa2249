/**
 * The evidence folder of one failure: `<quarantineDir>/kernels/<id>_<time>/`. It is written beside its place and
 * renamed, so it is whole or absent. Everything in it is for people and redacted, except replay.bin (see replay.ts).
 *
 * Files are written synchronously, on purpose: a kernel with stuck file calls can hold every thread of libuv's pool,
 * and then no asynchronous write of the host ever ends (FACTS 0.8). It gathers nothing by itself, decides nothing, and
 * a disk that refuses is an error in the result: the ladder goes on without a folder.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { deserialize } from 'node:v8'
import { type ErrorRecord, toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { makeFolder } from '../base/folder.ts'
import { kernelIdProblem, kernelIdRule, timestampName } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import { escapeUnsafe, redact, redactText } from '../base/redact.ts'
import type { Evidence, FailurePhase } from '../base/remedy.ts'
import type { CpuProfile } from '../lifecycle/hang-profile.ts'
import type { Finding } from './integrity.ts'
import { encodeReplay } from './replay.ts'
import { sourceFrames } from './source-frames.ts'
import type { AgedSample } from './system-sampler.ts'

/** One earlier failure of the same kernel. */
export interface FailureNote {
  /** Epoch milliseconds. */
  readonly at: number
  readonly phase: FailurePhase
  readonly error: ErrorRecord
  readonly fingerprint?: string
}

/** How the instance was when it failed; what could not be read is absent. */
export interface InstanceFacts {
  readonly heapUsedBytes?: number
  readonly heapLimitBytes?: number
  readonly externalBytes?: number
  /** 0 to 1. */
  readonly eventLoopUtilization?: number
  readonly mailboxDepth?: number
  readonly uptimeMs?: number
  readonly [fact: string]: unknown
}

export interface DiagnosticsInput {
  readonly quarantineDir: string
  /** Epoch milliseconds of the failure. */
  readonly at: number
  readonly evidence: Omit<Evidence, 'folder'>
  /** Messages that the flight recorder could not keep. Default 0. */
  readonly leftOut?: number
  /** Oldest first. */
  readonly failures: readonly FailureNote[]
  /** Finished lines of this kernel, oldest first; the last limits.kernelLogLines are written. */
  readonly logLines: readonly string[]
  readonly system: AgedSample
  readonly instance: InstanceFacts
  /** Where configuration and files are not what they should be. Default: nowhere. */
  readonly findings?: readonly Finding[]
  /** Stack of a hung thread, where one could be taken. */
  readonly hangStack?: string
  /** Where a hung thread spent its time, or why no profile of it could be taken. */
  readonly profile?: CpuProfile | { readonly missing: string }
}

export type CaptureResult =
  | { readonly ok: true; readonly folder: string; readonly files: readonly string[] }
  | { readonly ok: false; readonly error: ErrorRecord }

/** Never throws. */
export function captureDiagnostics(input: DiagnosticsInput): CaptureResult {
  let temporary: string | undefined
  try {
    const root = evidenceRoot(input.quarantineDir)
    const name = folderName(input.evidence.kernel, input.at)
    temporary = join(root, `.tmp-${name}-${randomBytes(4).toString('hex')}`)
    mkdirSync(temporary, { mode: 0o700 })
    const contents = composeFiles(input)
    for (const [file, content] of contents) {
      writeFileSync(join(temporary, file), content, { flag: 'wx', mode: 0o600 })
    }
    return { ok: true, folder: claimName(temporary, root, name), files: contents.map(([file]) => file) }
  } catch (thrown) {
    if (temporary !== undefined) removeQuietly(temporary)
    return { ok: false, error: toRecord(thrown) }
  }
}

/** `<quarantineDir>/kernels`, made where it is missing. @throws LazaretError where it leads out of quarantineDir. */
function evidenceRoot(quarantineDir: string): string {
  makeFolder(quarantineDir, 0o700)
  const base = realpathSync(resolve(quarantineDir))
  const root = join(base, 'kernels')
  makeFolder(root, 0o700)
  if (!lstatSync(root).isDirectory() || !realpathSync(root).startsWith(base + sep)) {
    throw new LazaretError('OPTION_INVALID', `${root} must be a folder. Got: a link or a file.`, {
      details: { path: root },
      hint: 'Remove it, or give another quarantineDir.',
    })
  }
  return root
}

function folderName(kernel: string, at: number): string {
  const problem = kernelIdProblem(kernel)
  if (problem === undefined) return `${kernel}_${timestampName(at)}`
  throw new LazaretError('OPTION_INVALID', `A kernel id must be ${kernelIdRule}; ${problem}.`, {
    details: { kernel: kernel.slice(0, 128) },
    hint: 'Take the id from the fleet.',
  })
}

/** Renames to `name`, or to `name-2`, `name-3`... where that is taken. */
function claimName(temporary: string, root: string, name: string): string {
  for (let attempt = 1; attempt <= 1000; attempt += 1) {
    const folder = join(root, attempt === 1 ? name : `${name}-${attempt}`)
    if (existsSync(folder)) continue
    renameSync(temporary, folder)
    return folder
  }
  throw new LazaretError('OPTION_INVALID', `${root} has 1000 folders named ${name} already.`, {
    details: { root, name },
    hint: 'Move old evidence elsewhere.',
  })
}

function removeQuietly(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true })
  } catch {
    // The disk already refused once and that error is the one reported; expireReplays() removes the rest later.
  }
}

function composeFiles(input: DiagnosticsInput): (readonly [name: string, content: string | Uint8Array])[] {
  const { evidence } = input
  const profile = profileFile(input)
  return [
    ['kernel.log', lines(input.logLines.slice(-limits.kernelLogLines))],
    ['error.json', json(describeFailure(input, profile.missing))],
    ['source.json', json({ frames: sourceFrames(evidence.error, evidence.files) })],
    ...(profile.text === undefined ? [] : [['profile.cpuprofile', profile.text] as const]),
    ['system_state.json', json(describeState(input))],
    ['messages.jsonl', lines(describeMessages(evidence))],
    ['code.json', json({ files: evidence.files.map(({ url, sha256 }) => ({ url, sha256 })) })],
    ['config.json', json(redact(evidence.config))],
    ['replay.bin', encodeReplay(evidence, input.at + limits.replayExpiryMs)],
  ]
}

/** Empty lists say that it was looked at, and that nothing was found. */
function describeState({ at, instance, system, findings = [] }: DiagnosticsInput): unknown {
  const of = (kind: Finding['kind']) =>
    findings.flatMap(({ kind: its, text: _text, ...facts }) => (its === kind ? [redact(facts)] : []))
  return { at, drift: of('drift'), damage: of('damage'), instance, system }
}

/** Names of functions and files are all that it holds in words. */
function profileFile({ profile }: DiagnosticsInput): { readonly text?: string; readonly missing?: string } {
  if (profile === undefined) return {}
  if ('missing' in profile) return { missing: profile.missing }
  const nodes = profile.nodes.map((node) => {
    const { functionName, url } = node.callFrame
    return { ...node, callFrame: { ...node.callFrame, functionName: plain(functionName), url: plain(url) } }
  })
  const text = JSON.stringify({ ...profile, nodes })
  if (text.length <= limits.hangProfileBytes) return { text }
  return { missing: `it has ${text.length} bytes, and at most ${limits.hangProfileBytes} are kept` }
}

function plain(text: string): string {
  return escapeUnsafe(redactText(text))
}

/** @param profileMissing why a hung thread has no profile. */
function describeFailure(input: DiagnosticsInput, profileMissing: string | undefined): unknown {
  const { evidence, at, failures, hangStack, leftOut = 0, findings = [] } = input
  const { kernel, incident, fingerprint, phase, error } = evidence
  return {
    ...{ kernel, incident, fingerprint, phase, at, error: redact(error) },
    ...{ drift: textsOf(findings, 'drift'), damage: textsOf(findings, 'damage') },
    ...(hangStack === undefined ? {} : { hangStack: redact(hangStack) }),
    ...(profileMissing === undefined ? {} : { profileMissing }),
    failures: failures.map((failure) => redact(failure)),
    recorded: { messages: evidence.messages.length, replies: evidence.replies.length, leftOut },
    replayExpiresAt: at + limits.replayExpiryMs,
  }
}

function textsOf(findings: readonly Finding[], kind: Finding['kind']): string[] {
  return findings.flatMap((finding) => (finding.kind === kind ? [redactText(finding.text)] : []))
}

function describeMessages(evidence: Pick<Evidence, 'messages' | 'replies'>): string[] {
  const received = evidence.messages.map(({ at, kind, from, method, args, reply }) => ({
    ...{ at, kind, from, method, args: readable(args) },
    ...(reply === undefined
      ? {}
      : 'error' in reply
        ? { error: redact(reply.error) }
        : { value: readable(reply.value) }),
  }))
  const answered = evidence.replies.map(({ to, method, args, value, error }) => ({
    ...{ kind: 'reply', to, method, args: readable(args) },
    ...(value === undefined ? {} : { value: readable(value) }),
    ...(error === undefined ? {} : { error: redact(error) }),
  }))
  return [...received, ...answered].map((entry) => JSON.stringify(entry))
}

function readable(bytes: Uint8Array): unknown {
  try {
    return redact(deserialize(bytes))
  } catch {
    // Said in place of the value; the bytes themselves are in replay.bin.
    return `[${bytes.byteLength} bytes that cannot be read back]`
  }
}

function lines(list: readonly string[]): string {
  return list.map((line) => `${escapeUnsafe(line)}\n`).join('')
}

/** Line breaks between values are JSON's own; within strings there are none, so every line can be escaped. */
function json(value: unknown): string {
  return lines(JSON.stringify(value, null, 2).split('\n'))
}
