/**
 * All playbooks of a fleet: in memory for the moment of a crash, in one YAML file a kernel for people. Files are read
 * again when somebody saves them; a bad one is reported and the last good reading of it stays in force. It runs nothing.
 */
import { type FSWatcher, watch } from 'node:fs'
import { lstat, readdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import type { Clock } from '../base/clock.ts'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import type { Emit } from '../base/events.ts'
import { makeFolder } from '../base/folder.ts'
import { kernelIdProblem } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import { unrefTimer } from '../base/timers.ts'
import { addPlaybook, countPlaybook } from './document.ts'
import { bestMatch, freeName, sameLesson } from './match.ts'
import { type Playbook, playbookFileName, playbookSuffix, readPlaybookFile, type Trust } from './schema.ts'

export interface PlaybookRegistryOptions {
  /** Successes after which a playbook on trial is trusted. Default 1. */
  readonly trustAfter?: number
}

export interface RegisteredPlaybook {
  /** Absolute path. */
  readonly file: string
  /** Its own name, or that name with a number where another playbook had it. */
  readonly name: string
  readonly trust: Trust
}

const leftOver = /_failure_remediation\.yaml\.\d+$/

/** @example const registry = new PlaybookRegistry('playbooks', events.emit, clock); await registry.load() */
export class PlaybookRegistry {
  readonly #dir: string
  readonly #emit: Emit
  readonly #clock: Clock
  readonly #trustAfter: number
  readonly #byKernel = new Map<string, readonly Playbook[]>()
  /** `kernel fingerprint` of what is trusted: asked at every crash. */
  #trusted: ReadonlySet<string> = new Set()
  /** `kernel name` of what failed and is not known to be suspended on disk yet. */
  readonly #failed = new Set<string>()
  /** What was last said about a file, so that it is said once. */
  readonly #complaints = new Map<string, string>()
  #tail: Promise<unknown> = Promise.resolve()
  #watcher: FSWatcher | undefined
  #timer: unknown
  #closed = false

  constructor(dir: string, emit: Emit, clock: Clock, options: PlaybookRegistryOptions = {}) {
    this.#dir = resolve(dir)
    this.#emit = emit
    this.#clock = clock
    this.#trustAfter = options.trustAfter ?? 1
  }

  /**
   * Makes the folder where there is none, reads every file in it, and reads them again whenever one is saved.
   * A bad file is an event `playbook.invalid`; the others count.
   * @throws LazaretError OPTION_INVALID where the folder cannot be used.
   */
  async load(): Promise<void> {
    try {
      makeFolder(this.#dir)
      await this.reload()
    } catch (thrown) {
      throw new LazaretError('OPTION_INVALID', `The playbooks folder ${this.#dir} cannot be used.`, {
        details: { playbooksDir: this.#dir },
        hint: 'Accepted: a folder that can be read and written.',
        cause: thrown,
      })
    }
    this.#watch()
  }

  /** Reads every file now. */
  reload(): Promise<void> {
    return this.#inTurn(async () => {
      const present = new Set<string>()
      for (const name of await readdir(this.#dir)) {
        // Left by a process that was killed while it wrote; nobody else writes names like these.
        if (leftOver.test(name)) await rm(join(this.#dir, name), { force: true })
        else if (/\.ya?ml$/.test(name)) this.#read(name, present)
      }
      for (const kernel of [...this.#byKernel.keys()]) {
        if (!present.has(kernel)) this.#keep(kernel, [])
      }
    })
  }

  /** Ends the watching. Resolves when what was being written is on the disk. */
  async close(): Promise<void> {
    this.#closed = true
    this.#watcher?.close()
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer)
    await this.#inTurn(async () => undefined)
  }

  /** All playbooks of one kernel, or of every kernel, in the order of the files. */
  list(kernel?: string): readonly Playbook[] {
    return kernel === undefined ? [...this.#byKernel.values()].flat() : (this.#byKernel.get(kernel) ?? [])
  }

  /** The playbook to use: a trusted one before one on trial, the more successful first; never a suspended one. */
  match(kernel: string, fingerprint: string): Playbook | undefined {
    return bestMatch(this.list(kernel), fingerprint)
  }

  /** True where a trusted playbook heals this failure. Constant time: it is asked at a crash. */
  knows(kernel: string, fingerprint: string): boolean {
    return this.#trusted.has(`${kernel} ${fingerprint}`)
  }

  /**
   * Adds a playbook to its kernel's file. One of the same fingerprint and the same steps is not added twice: it counts
   * as it is, and a suspended one is back on trial.
   * @throws LazaretError PLAYBOOK_INVALID where it, or the file as it stands, is not accepted; the file is not touched.
   */
  async register(playbook: Playbook): Promise<RegisteredPlaybook> {
    const { kernel } = playbook
    let isNews = true
    const added = await this.#change(kernel, (text, there) => {
      const same = sameLesson(there, playbook)
      if (same === undefined || text === undefined) {
        const fresh = { ...playbook, name: freeName(playbook.name, there) }
        return { playbook: fresh, text: addPlaybook(text, fresh) }
      }
      isNews = same.trust === 'suspended'
      if (!isNews) return { playbook: same }
      this.#failed.delete(`${kernel} ${same.name}`)
      const again: Playbook = { ...same, trust: 'trial' }
      return { playbook: again, text: countPlaybook(text, again) }
    })
    const { name, trust } = added ?? playbook
    const registered = { file: this.#pathOf(kernel), name, trust }
    if (isNews) this.#emit('playbook.generated', kernel, registered)
    return registered
  }

  /** Counts a success; enough of them make a playbook on trial trusted. Undefined: it has been deleted since. */
  async succeeded(name: string, kernel: string): Promise<Playbook | undefined> {
    let promoted = false
    const counted = await this.#count(name, kernel, (playbook) => {
      const successes = playbook.successes + 1
      promoted = playbook.trust === 'trial' && successes >= this.#trustAfter
      return { ...playbook, successes, trust: promoted ? 'trusted' : playbook.trust }
    })
    if (counted !== undefined && promoted) {
      const { successes } = counted
      this.#emit('playbook.trusted', kernel, { file: this.#pathOf(kernel), name, successes })
    }
    return counted
  }

  /**
   * Suspends a playbook that did not heal. In force when this returns, before its promise settles.
   * Undefined: it has been deleted since.
   * @throws LazaretError or the disk's own error where the file could not be changed; it stays suspended until the end
   * of the process all the same.
   */
  async failed(name: string, kernel: string): Promise<Playbook | undefined> {
    this.#failed.add(`${kernel} ${name}`)
    this.#keep(kernel, this.list(kernel))
    let saved = false
    try {
      const counted = await this.#count(name, kernel, (playbook) => {
        return { ...playbook, failures: playbook.failures + 1, trust: 'suspended' }
      })
      saved = true
      this.#failed.delete(`${kernel} ${name}`)
      return counted
    } finally {
      this.#emit('playbook.suspended', kernel, { file: this.#pathOf(kernel), name, saved })
    }
  }

  #pathOf(kernel: string): string {
    return join(this.#dir, playbookFileName(kernel))
  }

  /** Reads one file into memory; adds its kernel to those that have one, even where it cannot be read just now. */
  #read(name: string, present: Set<string>): void {
    const path = join(this.#dir, name)
    const kernel = name.endsWith(playbookSuffix) ? name.slice(0, -playbookSuffix.length) : ''
    try {
      if (kernelIdProblem(kernel) !== undefined) {
        throw new LazaretError('PLAYBOOK_INVALID', `${path} is not read, because of its name.`, {
          details: { file: path },
          hint: `Accepted: the id of a kernel, then ${playbookSuffix}.`,
        })
      }
      present.add(kernel)
      this.#keep(kernel, readPlaybookFile(path))
      this.#complaints.delete(name)
    } catch (thrown) {
      this.#complain(name, thrown, this.list(kernel).length)
    }
  }

  #complain(name: string, thrown: unknown, kept: number): void {
    const error = toRecord(thrown)
    if (this.#complaints.get(name) === error.message) return
    this.#complaints.set(name, error.message)
    const kernel = name.endsWith(playbookSuffix) ? name.slice(0, -playbookSuffix.length) : undefined
    this.#emit('playbook.invalid', kernel, { file: join(this.#dir, name), error, kept })
  }

  #keep(kernel: string, playbooks: readonly Playbook[]): void {
    const current = playbooks.map((playbook): Playbook => {
      return this.#failed.has(`${kernel} ${playbook.name}`) ? { ...playbook, trust: 'suspended' } : playbook
    })
    if (current.length === 0) this.#byKernel.delete(kernel)
    else this.#byKernel.set(kernel, current)
    const trusted = this.list().filter((playbook) => playbook.trust === 'trusted')
    this.#trusted = new Set(trusted.map((playbook) => `${playbook.kernel} ${playbook.fingerprint}`))
  }

  #count(name: string, kernel: string, next: (playbook: Playbook) => Playbook): Promise<Playbook | undefined> {
    return this.#change(kernel, (text, there) => {
      const found = there.find((playbook) => playbook.name === name)
      if (found === undefined || text === undefined) return undefined
      const playbook = next(found)
      return { playbook, text: countPlaybook(text, playbook) }
    })
  }

  /** One change at a time, made on what the file says now, so that a person's edits are never written over. */
  #change(
    kernel: string,
    edit: (text: string | undefined, there: readonly Playbook[]) => { playbook: Playbook; text?: string } | undefined,
  ): Promise<Playbook | undefined> {
    return this.#inTurn(async () => {
      const problem = kernelIdProblem(kernel)
      if (problem !== undefined) {
        throw new LazaretError('PLAYBOOK_INVALID', `No playbook can be kept for ${JSON.stringify(kernel)}: ${problem}.`)
      }
      const path = this.#pathOf(kernel)
      const text = await readIfThere(path)
      const changed = edit(text, text === undefined ? [] : readPlaybookFile(path))
      if (changed?.text !== undefined) {
        makeFolder(this.#dir)
        await writeFileAtomic(path, changed.text)
      }
      if (changed !== undefined) this.#read(playbookFileName(kernel), new Set())
      return changed?.playbook
    })
  }

  #watch(): void {
    try {
      this.#watcher = watch(this.#dir, { persistent: false }, () => this.#reloadSoon())
      this.#watcher.on('error', (thrown) => this.#complain('', thrown, this.list().length))
    } catch (thrown) {
      // The system has no watch to spare: what was read stays in force, and reload() reads again.
      this.#complain('', thrown, this.list().length)
    }
  }

  /** After a moment of quiet: an editor saves in several steps, and half a file is a bad file. */
  #reloadSoon(): void {
    if (this.#closed) return
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer)
    this.#timer = this.#clock.setTimeout(() => {
      this.reload().catch((thrown: unknown) => this.#complain('', thrown, this.list().length))
    }, limits.playbookReloadMs)
    unrefTimer(this.#timer)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    // The one before may have failed: that was told to its own caller.
    const done = this.#tail.then(work, work)
    this.#tail = done
    return done
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    if (!(await lstat(path)).isFile()) {
      throw new LazaretError('PLAYBOOK_INVALID', `${path} is no file.`, {
        hint: 'Move it away.',
        details: { file: path },
      })
    }
    return await readFile(path, 'utf8')
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined
    throw thrown
  }
}
