/**
 * `lazaret replay <incident>`: makes a recorded failure happen again in a sandbox of this process, with the fewest
 * messages that do it, and writes it down as a test on demand. No runtime is needed and none is touched. Exit code 0: it
 * failed again; 1: it did not, or could not be tried; 2: there is nothing to try.
 */
import { existsSync, realpathSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Evidence } from '../base/remedy.ts'
import { readEvidence } from '../diagnostics/replay.ts'
import type { IncidentRow } from '../journal/rows.ts'
import { Reproduction } from '../repair/reproduce.ts'
import { SandboxPool } from '../repair/sandbox-pool.ts'
import { makeWorkspace } from '../repair/workspace.ts'
import { type CommonOptions, newCommand, printJson } from './command.ts'
import { readEither } from './connection.ts'
import { progressLine } from './progress.ts'
import { type ReplayReport, reportOf, show } from './replay-report.ts'
import { mustBeFree, testPathFor, writeTest } from './replay-write.ts'

interface ReplayOptions extends CommonOptions {
  readonly evidence?: string
  readonly all?: true
  readonly exact?: true
  readonly writeTest?: string | true
}

/** What the parts of one replay work with. */
export interface ReplaySession {
  readonly evidence: Evidence
  readonly pool: SandboxPool
  readonly signal: AbortSignal
  /** Absolute path of the kernel's own data folder. */
  readonly dataDirOfKernel: string
  /** Absolute path of an empty folder that goes when the command ends. */
  readonly folder: string
  progress(text: string): void
}

export function replayCommand(): Command {
  const example =
    'lazaret replay inc_019ab3f0-...\nlazaret replay inc_019ab3f0-... --write-test\nlazaret replay inc_019ab3f0-... --json'
  return newCommand('replay', 'make a recorded failure happen again, in a sandbox', example)
    .argument('<incident>', 'its id, see: lazaret incidents')
    .option('--all', 'replay all recorded messages only, without looking for the fewest')
    .option('--write-test [file]', 'write it as a vitest test, by default into test/ beside the kernel')
    .option('--exact', 'write the recorded values as they are, secrets included')
    .option('--evidence <folder>', 'its evidence, where the folder was moved')
    .action(run)
}

async function run(incident: string, options: ReplayOptions): Promise<void> {
  const evidence = await evidenceFor(incident, options)
  const test = options.writeTest === undefined ? undefined : testPathFor(evidence, options.writeTest)
  if (test !== undefined) mustBeFree(test)
  const abort = new AbortController()
  const onSignal = () => abort.abort(new DOMException('Ended by a signal.', 'AbortError'))
  for (const name of signals) process.on(name, onSignal)
  const pool = new SandboxPool()
  const folder = await mkdtemp(join(realpathSync(tmpdir()), 'lazaret-incident-'))
  const dataDirOfKernel = join(resolve(options.dataDir), 'kernels', evidence.kernel)
  const line = progressLine('replay', { quiet: options.json, afterMs: 0 })
  try {
    const session = { evidence, pool, folder, dataDirOfKernel, progress: line.say, signal: abort.signal }
    const report = await replay(session, options, test)
    line.clear()
    if (options.json) printJson(report)
    else show(report)
    process.exitCode = report.reproduced ? 0 : 1
  } catch (thrown) {
    line.clear()
    if (!abort.signal.aborted) throw thrown
    process.stderr.write('Stopped; nothing is left of it.\n')
    // As a shell says of a program that SIGINT has ended.
    process.exitCode = 130
  } finally {
    for (const name of signals) process.off(name, onSignal)
    await pool.close()
    await rm(folder, { recursive: true, force: true })
  }
}

const signals = ['SIGINT', 'SIGTERM'] as const

async function replay(session: ReplaySession, options: ReplayOptions, test: string | undefined): Promise<ReplayReport> {
  const { evidence } = session
  const workspace = await makeWorkspace({
    ...{ root: session.folder, incident: evidence.incident, attempt: 1, evidence },
    dataDirOfKernel: session.dataDirOfKernel,
  })
  const { pool, signal, progress } = session
  const reproduction = await Reproduction.of({ evidence, workspace, run: pool.run, signal, progress })
  const result = await reproduction.asThen()
  const common = { evidence, workspace, reproduction, result }
  if (!reproduction.isTheFailure(result)) return reportOf({ ...common, reproduced: false })
  const shortest = options.all === true ? undefined : await reproduction.shortest()
  const messages = shortest?.messages ?? evidence.messages
  const now = reproduction.runsOtherCode ? await reproduction.asNow(messages) : undefined
  const written =
    test === undefined
      ? undefined
      : await writeTest({ session, reproduction, messages, file: test, exact: options.exact === true })
  return reportOf({ ...common, reproduced: true, shortest, now, written })
}

/** @throws LazaretError NOT_FOUND where there is none any more, EVIDENCE_CORRUPT where it is damaged. */
async function evidenceFor(incident: string, { dataDir, evidence: moved }: ReplayOptions): Promise<Evidence> {
  const folder = moved === undefined ? await folderOf(incident, dataDir) : resolve(moved)
  if (!existsSync(folder)) {
    throw new LazaretError('NOT_FOUND', `The evidence of ${incident} is no longer in ${folder}.`, {
      hint: `Where it was moved, say so: lazaret replay ${incident} --evidence <folder>`,
    })
  }
  if (!existsSync(join(folder, 'replay.bin'))) {
    const days = limits.replayExpiryMs / 86_400_000
    const text = `${join(folder, 'replay.bin')} is gone: exact messages are kept for ${days} days, and deleted then.`
    throw new LazaretError('NOT_FOUND', text, { hint: 'What people can read of it is beside it: messages.jsonl.' })
  }
  const evidence = readEvidence(folder, Date.now())
  if (evidence.incident === incident) return evidence
  throw new LazaretError('NOT_FOUND', `${folder} is the evidence of ${evidence.incident}, and not of ${incident}.`)
}

async function folderOf(incident: string, dataDir: string): Promise<string> {
  const { found } = await readEither<IncidentRow>(
    dataDir,
    (link) => link.ask('incident', { incident }),
    (journal) => {
      const row = journal.incident(incident)
      if (row === undefined) throw new LazaretError('NOT_FOUND', `There is no incident ${incident}.`)
      return row
    },
  )
  if (found.folder !== undefined) return found.folder
  throw new LazaretError('NOT_FOUND', `No evidence of ${incident} could be written when it happened.`, {
    hint: `See why: lazaret logs ${found.kernel}`,
  })
}
