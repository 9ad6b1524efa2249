/**
 * What holds a candidate, as a command line: the flags of Node's permission model, and bubblewrap around it where this
 * machine has it. Two jobs with the same walls can use the same process, started before it is known which comes. What the
 * candidate may read is reach.ts's to say; the process is started by child.ts.
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Isolation } from '../src/base/spec.ts'
import { bindReadOnly, runtimePaths, wallArguments, withoutNested } from '../src/repair/bubblewrap.ts'
import type { TrialJob } from '../src/repair/trial.ts'
import { readablePaths } from './reach.ts'
import { strippedFlags } from './strip.ts'

const ownExtension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const probeFile = fileURLToPath(new URL(`./probe${ownExtension}`, import.meta.url))

/** CPU seconds granted beyond the wall-clock bound: several threads of one process run at once. */
const spareCpuSeconds = 10

/** What the machine gives, found out by the host. */
export interface Ground {
  readonly isolation: Isolation
  /** Absolute path of bwrap; absent where candidates run without it. */
  readonly bubblewrap?: string
}

export interface Walls {
  readonly ground: Ground
  readonly folder: string
  /** Of the folder: one that was made anew under the same name is another, though a process still lives in the old one. */
  readonly inode: number
  /** What the candidate may read: absolute paths, a folder for everything below it. */
  readonly readable: readonly string[]
  readonly command: readonly string[]
  readonly cpuSeconds: number
}

/** The folder has `out/` and `data/`. */
export function wallsOf(job: TrialJob, ground: Ground): Walls {
  const { folder, bounds } = job
  const readable = withoutNested(readablePaths(job))
  const node = [process.execPath, ...nodeFlags(job, readable), ...strippedFlags(folder), probeFile]
  const command = ground.bubblewrap === undefined ? node : [...wrapped(ground.bubblewrap, folder, readable), ...node]
  return {
    ground,
    folder,
    inode: statSync(folder).ino,
    readable,
    command,
    cpuSeconds: Math.ceil(bounds.runMs / 1000) + spareCpuSeconds,
  }
}

/** A process behind the one will do where the other is asked for. */
export function isSame(one: Walls, other: Walls): boolean {
  return (
    one.inode === other.inode &&
    one.cpuSeconds === other.cpuSeconds &&
    one.command.length === other.command.length &&
    one.command.every((part, index) => part === other.command[index])
  )
}

const writable = ['out', 'data']

function nodeFlags(job: TrialJob, readable: readonly string[]): string[] {
  return [
    '--permission',
    ...readable.map((path) => `--allow-fs-read=${path}`),
    ...writable.map((name) => `--allow-fs-write=${join(job.folder, name)}`),
    '--no-experimental-sqlite',
    '--no-addons',
    '--no-warnings',
    `--max-old-space-size=${job.bounds.heapMb}`,
  ]
}

/** Descriptor of the shell on which bubblewrap says the candidate's pid, see child.ts. */
const notesDescriptor = '6'

function wrapped(bubblewrap: string, folder: string, readable: readonly string[]): string[] {
  return [
    bubblewrap,
    ...wallArguments(),
    ...bindReadOnly([...runtimePaths(), ...readable]),
    ...writable.flatMap((name) => ['--bind', join(folder, name), join(folder, name)]),
    ...['--remount-ro', '/', '--chdir', folder, '--info-fd', notesDescriptor, '--'],
  ]
}
