/** Small broken kernels in folders of their own, and trials of them. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { serialize } from 'node:v8'
import { afterAll, expect } from 'vitest'
import type { RecordedMessage } from '../../src/base/remedy.ts'
import type { Isolation } from '../../src/base/spec.ts'
import { bubblewrapHere } from '../../src/repair/bubblewrap.ts'
import { type SandboxOptions, SandboxPool } from '../../src/repair/sandbox-pool.ts'
import { defaultBounds, permissionHere, type TrialBounds, type TrialJob } from '../../src/repair/trial.ts'

export class Bench {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'lazaret-sandbox-')))
  #count = 0

  constructor() {
    this.write('package.json', '{"type":"module"}')
  }

  path(name: string): string {
    return join(this.root, name)
  }

  url(name: string): string {
    return pathToFileURL(this.path(name)).href
  }

  write(name: string, text: string): string {
    mkdirSync(dirname(this.path(name)), { recursive: true })
    writeFileSync(this.path(name), text)
    return this.url(name)
  }

  /** A kernel whose start() has this body; `ctx` is its context. Returns the URL of its entry. */
  kernel(startBody: string, imports = ''): string {
    this.#count += 1
    return this.write(`k${this.#count}/kernel.ts`, kernelText(startBody, imports))
  }

  job(entryUrl: string, more: Partial<Omit<TrialJob, 'bounds'>> = {}, bounds: Partial<TrialBounds> = {}): TrialJob {
    this.#count += 1
    const folder = this.path(`trial${this.#count}`)
    mkdirSync(folder)
    return {
      ...{ mode: 'replay', kernel: 'patient', entryUrl, overlay: {}, config: {}, messages: [], replies: [], files: [] },
      ...{ crashOn: 'defects', folder, bounds: { ...defaultBounds, settleMs: 30, ...bounds } },
      ...more,
    }
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

export function kernelText(startBody: string, imports = ''): string {
  return `import { defineKernel } from 'lazaret/kernel'\n${imports}\nexport default defineKernel({\n  async start(ctx: any) {\n    ${startBody}\n  },\n})\n`
}

export function message(method: string, ...args: unknown[]): RecordedMessage {
  return { kind: 'ask', from: 'host', method, args: serialize(args), at: 0 }
}

/** A zombie is dead, though process 1 may take its time to reap it. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    // ENOENT, or ESRCH while it is being read: there is no such process.
    return false
  }
}

/** Pids of every living process whose command line names this folder, as those of our trials do. Linux only. */
export function processesNaming(folder: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && isAlive(pid) && commandLine(pid).includes(folder))
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    // It ended between the listing and now.
    return ''
  }
}

/** Polls, because the end of a process that is not our child makes no event here. */
export async function waitUntil(holds: () => boolean, deadlineMs: number, what: string): Promise<void> {
  const endsAt = Date.now() + deadlineMs
  while (!holds()) {
    if (Date.now() > endsAt) throw new Error(`${what} did not happen within ${deadlineMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** The levels of isolation that this machine gives, weakest first, and the pool's option for each. */
export const levels: [Isolation, SandboxOptions][] = [[permissionHere(), { bubblewrap: false }]]
if (bubblewrapHere().path !== undefined) levels.push(['bwrap+permission', {}])
else console.warn('bubblewrap is not tested:', bubblewrapHere())

/** For a test file: a bench and a pool, both gone when its tests are over, with every process that they started. */
export function benchWithPool(): { bench: Bench; pool: SandboxPool } {
  const bench = new Bench()
  const pool = new SandboxPool()
  afterAll(async () => {
    await pool.close()
    expect(processesNaming(bench.root)).toEqual([])
    bench.remove()
  })
  return { bench, pool }
}
