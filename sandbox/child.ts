/**
 * One caged process: the shell that watches over it, and its end. The shell leads a process group of its own and holds
 * the other end of a pipe from this process, the lifeline. A word on it: the shell kills the candidate, reaps it and passes
 * its exit code on. Its end: this process has died, however it died, and the shell kills the whole group. So a candidate
 * never outlives its host, not even one that is blocked for good, and none is left as a zombie where the host is process 1
 * of a container. POSIX only.
 *
 * With bubblewrap there is one process more, bwrap itself, between the shell and the candidate. The candidate is killed
 * first then, for bwrap to reap it; where bwrap itself is killed, with its group, the kernel ends the candidate.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { limits } from '../src/base/limits.ts'
import type { Walls } from './walls.ts'

/**
 * $0: CPU seconds, should all else fail. No core files: a candidate out of memory would leave one in its folder.
 * env -i: shells add variables of their own. A job in the background gets no stdin unless it is handed one.
 * Only a child that is there now is killed by its number: $! is ours until it is waited for, and so is bwrap's only child.
 */
function shellScript(inBubblewrap: boolean): string {
  const kill = inBubblewrap
    ? `{ read -r inner </proc/$!/task/$!/children; } 2>/dev/null
kill -9 \${inner:-$!} 2>/dev/null`
    : 'kill -9 $! 2>/dev/null'
  return `
ulimit -c 0
ulimit -t "$0"
exec 5<&0
/usr/bin/env -i "$@" <&5 4<&- 5<&- ${inBubblewrap ? '' : '6>&-'} &
exec 5<&- 3>&-
read -r _ <&4 || kill -9 0
${kill}
wait $! 2>/dev/null
code=$?
times >&6
exit $code
`
}

export interface CagedEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** User and system time, in steps of 10 ms; absent where the shell could not tell. */
  readonly cpuMs?: number
}

export class CagedProcess {
  readonly shell: ChildProcess
  readonly stdin: Writable
  readonly channel: Readable
  /** Resolves when the shell has ended and its pipes are closed. Rejects where it could not be started. */
  readonly closed: Promise<CagedEnd>
  readonly #lifeline: Writable
  #notes = ''
  #hasEnded = false

  /** @throws what spawn throws. */
  constructor({ command, cpuSeconds, folder, ground }: Walls) {
    const script = shellScript(ground.bubblewrap !== undefined)
    const pipes = Array.from({ length: 7 }, (_, descriptor) => (descriptor === 5 ? 'ignore' : 'pipe'))
    this.shell = spawn('/bin/sh', ['-c', script, String(cpuSeconds), ...command], {
      ...{ cwd: folder, env: {}, detached: true, stdio: pipes as 'pipe'[] },
    })
    const [stdin, , , channel, lifeline, , notes] = this.shell.stdio as unknown as [Writable, ...Readable[]] &
      Record<4, Writable>
    this.stdin = stdin
    this.channel = channel as Readable
    this.#lifeline = lifeline
    // A child that dies early closes its ends; what could not be written is no loss, its end is seen on 'close'.
    for (const stream of [stdin, lifeline]) stream.on('error', () => {})
    // A stream cut off by the kill brings an error; what it had said until then counts.
    for (const stream of [channel, notes]) stream?.on('error', () => {})
    notes?.on('data', (chunk: Buffer) => {
      this.#notes = (this.#notes + chunk.toString('latin1')).slice(0, notesChars)
    })
    const { promise, resolve, reject } = Promise.withResolvers<CagedEnd>()
    this.closed = promise
    // Whoever waits for it hears of it; nobody may.
    promise.catch(() => undefined)
    this.shell.on('error', reject)
    this.shell.on('close', (code, signal) => {
      this.#hasEnded = true
      this.#lifeline.destroy()
      const cpuMs = cpuMsIn(this.#notes)
      resolve({ code, signal, ...(cpuMs === undefined ? {} : { cpuMs }) })
    })
  }

  /** Of the candidate, as bubblewrap says it; undefined without it, or until it has. */
  get innerPid(): number | undefined {
    const pid = /"child-pid": (\d+)/.exec(this.#notes)?.[1]
    return pid === undefined ? undefined : Number(pid)
  }

  get hasEnded(): boolean {
    return this.#hasEnded || this.shell.exitCode !== null || this.shell.signalCode !== null
  }

  /** Has the candidate killed, if it is still there, and its shell leave with its exit code. May be called again. */
  end(): void {
    if (!this.#lifeline.writableEnded) this.#lifeline.end('end\n')
  }

  /** For a shell that does not answer: a candidate may have stopped it, which is all that it can do to it from inside. */
  killGroup(): void {
    const { pid } = this.shell
    if (pid === undefined || pid <= 1 || this.hasEnded) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch (thrown) {
      // ESRCH: nobody is left in the group, which is what was wanted.
      if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown
    }
  }

  /** Ends it by the shell, or else by its group. Resolves when it is gone. */
  async endWhole(): Promise<void> {
    this.end()
    const timer = setTimeout(() => this.killGroup(), limits.terminateMs / 2)
    try {
      await this.closed
    } finally {
      clearTimeout(timer)
    }
  }
}

/** bubblewrap's note has some 300 characters, `times` 80. */
const notesChars = 4096

/** The second line of `times`: children's user and system time, `0m0.050000s 0m0.010000s`. */
function cpuMsIn(notes: string): number | undefined {
  const found = [...notes.matchAll(/(\d+)m(\d+(?:\.\d+)?)s/g)].slice(2, 4)
  if (found.length < 2) return undefined
  const seconds = found.reduce((sum, [, minutes, rest]) => sum + 60 * Number(minutes) + Number(rest), 0)
  return Math.round(seconds * 1000)
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
