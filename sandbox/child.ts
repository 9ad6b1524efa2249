/**
 * One caged process: the command line that restricts it, the shell that watches over it, and its end. The shell leads a
 * process group of its own and holds the other end of a pipe from this process, the lifeline. A word on it: the shell
 * kills the candidate, reaps it and passes its exit code on. Its end: this process has died, however it died, and the
 * shell kills the whole group. So a candidate never outlives its host, not even one that is blocked for good, and none is
 * left as a zombie where the host is process 1 of a container. POSIX only.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { TrialJob } from '../src/repair/trial.ts'
import { readablePaths } from './reach.ts'
import { strippedFlags } from './strip.ts'

const ownExtension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const probeFile = fileURLToPath(new URL(`./probe${ownExtension}`, import.meta.url))

/**
 * $0: CPU seconds, should all else fail. No core files: a candidate out of memory would leave one in its folder.
 * env -i: shells add variables of their own. A job in the background gets no stdin unless it is handed one.
 */
const shellScript = `
ulimit -c 0
ulimit -t "$0"
exec 5<&0
/usr/bin/env -i "$@" <&5 4<&- 5<&- &
exec 5<&- 3>&-
read -r _ <&4 || kill -9 0
kill -9 $! 2>/dev/null
wait $! 2>/dev/null
exit $?
`

/** CPU seconds granted beyond the wall-clock bound: several threads of one process run at once. */
const spareCpuSeconds = 10

export interface CagedProcess {
  readonly shell: ChildProcess
  readonly stdin: Writable
  readonly channel: Readable
  readonly lifeline: Writable
}

export function cageFlags(job: TrialJob): string[] {
  return [
    '--permission',
    ...readablePaths(job).map((path) => `--allow-fs-read=${path}`),
    `--allow-fs-write=${join(job.folder, 'out')}`,
    `--allow-fs-write=${join(job.folder, 'data')}`,
    '--no-experimental-sqlite',
    '--no-addons',
    '--no-warnings',
    `--max-old-space-size=${job.bounds.heapMb}`,
  ]
}

/** @throws what spawn throws; the 'error' event of the process says when the shell is missing. */
export function startCaged(job: TrialJob): CagedProcess {
  const cpuSeconds = Math.ceil(job.bounds.runMs / 1000) + spareCpuSeconds
  const command = [process.execPath, ...cageFlags(job), ...strippedFlags(job), probeFile]
  const child = spawn('/bin/sh', ['-c', shellScript, String(cpuSeconds), ...command], {
    cwd: job.folder,
    env: {},
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
  })
  const [stdin, , , channel, lifeline] = child.stdio
  // A child that dies early closes its ends; what could not be written is no loss, its end is seen on 'close'.
  for (const stream of [stdin, lifeline]) stream?.on('error', () => {})
  return {
    shell: child,
    stdin: stdin as Writable,
    channel: channel as Readable,
    lifeline: lifeline as Writable,
  }
}

/** Has the candidate killed, if it is still there, and its shell leave with its exit code. May be called again. */
export function endCaged(caged: CagedProcess): void {
  if (!caged.lifeline.writableEnded) caged.lifeline.end('end\n')
}

/** For a shell that does not answer: a candidate may have stopped it, which is all that it can do to it from inside. */
export function killGroup(caged: CagedProcess): void {
  const { pid } = caged.shell
  if (pid === undefined || pid <= 1) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (thrown) {
    // ESRCH: nobody is left in the group, which is what was wanted.
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown
  }
}

/** Resident memory of the process in MB; undefined where the system does not tell. */
export function residentMb(pid: number): number | undefined {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])
    return Number.isFinite(pages) ? (pages * 4096) / 1_048_576 : undefined
  } catch {
    // No /proc (macOS), or the process has just ended: V8's own heap limit and the time bounds remain.
    return undefined
  }
}
