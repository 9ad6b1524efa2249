/**
 * `lazaret doctor`: whether this machine gives what a runtime needs. Each check tries the thing itself where that is
 * cheap, and says what to do where it is not in order. Nothing is left behind.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { redactText, safeLine } from '../base/redact.ts'
import { controlSocketPath } from '../control/path.ts'
import { Connection } from '../journal/connection.ts'
import { bubblewrapHere } from '../repair/bubblewrap.ts'
import { isolationHere, permissionHere } from '../repair/trial.ts'
import type { KernelStatus } from '../supervisor/status.ts'
import { type CommonOptions, newCommand, print, printJson } from './command.ts'
import { withRuntime } from './connection.ts'
import { count, styled } from './terminal.ts'

export interface Check {
  readonly name: string
  readonly level: 'ok' | 'warn' | 'fail'
  readonly found: string
  /** What to do about it; absent where it is in order. */
  readonly advice?: string
}

type Finding = Omit<Check, 'name'>

const ok = (found: string): Finding => ({ level: 'ok', found })
const warn = (found: string, advice: string): Finding => ({ level: 'warn', found, advice })
const fail = (found: string, advice: string): Finding => ({ level: 'fail', found, advice })

export function doctorCommand(): Command {
  return newCommand('doctor', 'look whether this machine is fit to run a fleet', 'lazaret doctor').action(
    async ({ dataDir, json }: CommonOptions) => {
      const checks = await examine(dataDir)
      if (json) printJson({ fit: checks.every(({ level }) => level !== 'fail'), checks })
      else show(checks)
      process.exitCode = checks.some(({ level }) => level === 'fail') ? 1 : 0
    },
  )
}

export async function examine(dataDir: string): Promise<Check[]> {
  const checks: [string, () => Finding | Promise<Finding>][] = [
    ['Node.js', nodeVersion],
    ['V8 flag', v8Flag],
    ['SQLite', sqlite],
    ['permission model', permissionModel],
    ['bubblewrap', bubblewrap],
    ['language service', languageService],
    ['open files', openFiles],
    ['data directory', () => dataDirectory(dataDir)],
    ['disk space', () => diskSpace(dataDir)],
    ['runtime', () => runtimeThere(dataDir)],
    ['drift and damage', () => driftAndDamage(dataDir)],
  ]
  const found: Check[] = []
  for (const [name, look] of checks) {
    try {
      found.push({ name, ...(await look()) })
    } catch (thrown) {
      const text = thrown instanceof Error ? thrown.message : String(thrown)
      found.push({ name, ...fail(text, 'Mend what this says, then run lazaret doctor again.') })
    }
  }
  return found
}

/** main.ts has refused what is too old. */
function nodeVersion(): Finding {
  return ok(`${process.versions.node} (V8 ${process.versions.v8}) at ${process.execPath}`)
}

const probeMs = 10_000

function node(...args: string[]) {
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: probeMs, env: {}, maxBuffer: 16_777_216 })
}

/** Without it some endless loops can never be ended, see keepThreadsInterruptible. */
function v8Flag(): Finding {
  const known = node('--v8-options').stdout.includes('turboshaft-loop-unrolling')
  if (known) return ok('--no-turboshaft-loop-unrolling is known, and set before the first thread')
  const text = 'this V8 does not know --no-turboshaft-loop-unrolling'
  return warn(text, 'Some endless loops may not be ended; such a thread is set aside. Use Node.js 24 or 26.')
}

function sqlite(): Finding {
  const memory = new Connection(':memory:')
  const version = memory.get('SELECT sqlite_version() AS version')?.version
  memory.close()
  return ok(`${String(version)}, part of Node.js`)
}

const permissionProbe = `
try { require('node:fs').readFileSync('/etc/passwd'); process.exit(3) }
catch (error) { process.exit(error.code === 'ERR_ACCESS_DENIED' ? 0 : 4) }`

/** Candidates run under it. It is tried out, in the way that the sandbox uses it. */
function permissionModel(): Finding {
  const { status } = node('--permission', '--no-warnings', '--no-experimental-sqlite', '-e', permissionProbe)
  if (status !== 0) {
    return fail('a restricted process could read /etc/passwd', 'Repairs are not safe here. Use an official Node.js.')
  }
  if (permissionHere() === 'permission') return ok('files, network, processes, threads and addons are denied')
  if (isolationHere() === 'bwrap+permission') return ok('all but the network is denied, and bubblewrap withholds that')
  return warn(
    'the network is not denied to candidates, so their repairs wait for approval',
    'Use Node.js 26, or bubblewrap. Or set repair.isolation to weak, where the network is no danger.',
  )
}

/** Tried out, as a container may forbid it what it needs. */
function bubblewrap(): Finding {
  const here = bubblewrapHere()
  const level = isolationHere()
  if (here.path !== undefined) return ok(`${here.path} works: candidates run at level ${level}`)
  const found = `${safeLine(here.why)}; candidates run at level ${level}`
  if (process.platform !== 'linux') return ok(found)
  return warn(
    found,
    here.installed
      ? 'It needs user namespaces: allow them to this user or container, if candidates shall be walled in.'
      : 'To wall candidates in: apt-get install bubblewrap',
  )
}

/** A thread takes 5 descriptors (FACTS A7). */
const filesPerKernel = 5
const filesOfHost = 64

/** TypeScript 7 has no language service that a program can use. */
function languageService(): Finding {
  const { resolve: find } = createRequire(import.meta.url)
  for (const name of ['@typescript/typescript6', 'typescript']) {
    try {
      const manifest = readFileSync(
        find(`${name}/package.json`, { paths: [process.cwd(), import.meta.dirname] }),
        'utf8',
      )
      const { version } = JSON.parse(manifest) as { version: string }
      if (Number(version.split('.', 1)[0]) < 7) return ok(`${name} ${version} proposes repairs of code`)
    } catch {
      // Not installed here: the next one.
    }
  }
  const advice = 'For repairs of misspellings, imports and paths: npm install --save-dev @typescript/typescript6'
  return warn('no TypeScript of version 5 or 6 is installed here', advice)
}

function openFiles(): Finding {
  // Node.js raises its own soft limit to the hard one.
  const text = spawnSync('/bin/sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8', timeout: probeMs }).stdout.trim()
  const files = text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text)
  if (Number.isNaN(files)) return warn('the limit cannot be read', 'Look at it with ulimit -n.')
  if (files === Number.POSITIVE_INFINITY) return ok('no limit')
  const kernels = Math.max(0, Math.floor((files - filesOfHost) / filesPerKernel))
  const said = `${files}, enough for ${count(Math.min(500, kernels), 'kernel')}`
  return kernels >= 50 ? ok(said) : warn(said, 'Raise it with ulimit -n, or LimitNOFILE in a systemd unit.')
}

/** The folder itself, or the nearest one above it that exists. */
function existing(path: string): string {
  const absolute = resolve(path)
  return existsSync(absolute) || dirname(absolute) === absolute ? absolute : existing(dirname(absolute))
}

function dataDirectory(dataDir: string): Finding {
  const folder = existing(dataDir)
  const isThere = folder === resolve(dataDir)
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    // Rights are not everything: a read-only or full file system shows only when something is written.
    rmSync(mkdtempSync(join(folder, '.lazaret-doctor-')), { recursive: true })
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? 'ERROR'
    return fail(`${folder} cannot be written (${code})`, 'Give another one with --data-dir, or mend its rights.')
  }
  return ok(isThere ? `${resolve(dataDir)} can be written` : `${resolve(dataDir)} can be made`)
}

const leastMb = 64
const comfortableMb = 1024

function diskSpace(dataDir: string): Finding {
  const { bavail, bsize } = statfsSync(existing(dataDir))
  const mb = Math.floor((bavail * bsize) / 1_048_576)
  const said = mb < 10_240 ? `${mb} MB free` : `${Math.floor(mb / 1024)} GB free`
  if (mb < leastMb) return fail(said, `Make room: ${leastMb} MB are needed for the journal and the evidence.`)
  return mb < comfortableMb ? warn(said, 'Make room: snapshots and evidence may need a gigabyte.') : ok(said)
}

async function runtimeThere(dataDir: string): Promise<Finding> {
  if (!existsSync(controlSocketPath(dataDir))) return ok(`none works in ${dataDir}`)
  try {
    const kernels = await withRuntime(dataDir, (link) => link.ask<unknown[]>('status'))
    return ok(`one works in ${dataDir}, with ${count(kernels.length, 'kernel')}`)
  } catch {
    // Told here; the next start removes the socket, so nothing is lost.
    return warn(`nobody answers at ${controlSocketPath(dataDir)}`, 'It ended abruptly. To go on: lazaret run')
  }
}

/** What the runtime itself has found: it looks at the files all the time, and at its start. */
async function driftAndDamage(dataDir: string): Promise<Finding> {
  if (!existsSync(controlSocketPath(dataDir))) return ok('looked for by a runtime, at its start and while it works')
  try {
    const kernels = await withRuntime(dataDir, (link) => link.ask<KernelStatus[]>('status'))
    const texts = new Set(kernels.flatMap(({ findings = [] }) => findings))
    const [first] = texts
    if (first === undefined) return ok('none found')
    const more = texts.size === 1 ? '' : ` (and ${texts.size - 1} more)`
    return warn(`${safeLine(redactText(first))}${more}`, 'All of them, by kernel: lazaret status')
  } catch {
    // Told by the check before.
    return ok('not known while nobody answers')
  }
}

const marks = { ok: 'green', warn: 'yellow', fail: 'red' } as const

function show(checks: readonly Check[]): void {
  const width = Math.max(...checks.map(({ name }) => name.length))
  for (const { name, level, found, advice } of checks) {
    print(`${styled(marks[level], level.padEnd(4))}  ${name.padEnd(width)}  ${found}`)
    if (advice !== undefined) print(`${' '.repeat(4 + 2 + width + 2)}${advice}`)
  }
  const bad = checks.filter(({ level }) => level === 'fail').length
  const doubtful = checks.filter(({ level }) => level === 'warn').length
  print('')
  if (bad > 0) print(`${count(bad, 'check')} failed: do what stands below each, then run lazaret doctor again.`)
  else print(doubtful > 0 ? `This machine will do, with ${count(doubtful, 'remark')}.` : 'This machine is fit.')
}
