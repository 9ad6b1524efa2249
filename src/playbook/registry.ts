/**
 * All playbooks of a fleet: in memory for the moment of a crash, in one YAML file a kernel for people. Files are read
 * again when somebody saves them; a bad one is reported and the last good reading of it stays in force. It runs nothing.
 */
import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import type { Clock } from '../base/clock.ts'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import type { Emit } from '../base/events.ts'
import { makeFolder } from '../base/folder.ts'
import { kernelIdProblem } from '../base/ids.ts'
import { addPlaybook, countPlaybook, type PlaybookComments } from './document.ts'
import { badName, kernelOf, playbookFileName, readIfThere } from './file-name.ts'
import { FolderWatch } from './folder-watch.ts'
import { freeName, sameLesson } from './match.ts'
import { type Playbook, readPlaybookFile, readPlaybookText, type Trust } from './schema.ts'
import { Shelf } from './shelf.ts'
import { describeEdit, type VersionStore, Versions } from './versions.ts'

export interface PlaybookRegistryOptions {
  /** Successes after which a playbook on trial is trusted. Default 1. */
  readonly trustAfter?: number
  /** Absent: no versions are kept. */
  readonly versions?: VersionStore
}

export interface RegisteredPlaybook {
  /** Absolute path. */
  readonly file: string
  /** Its own name, or that name with a number where another playbook had it. */
  readonly name: string
  readonly trust: Trust
}

interface Edit {
  readonly playbook: Playbook
  readonly text?: string
  readonly change?: string
}

const leftOver = /_failure_remediation\.yaml\.\d+$/

/** @example const registry = new PlaybookRegistry('playbooks', events.emit, clock); await registry.load() */
export class PlaybookRegistry {
  readonly #dir: string
  readonly #emit: Emit
  readonly #clock: Clock
  readonly #trustAfter: number
  readonly #shelf = new Shelf()
  /** What was last said about a file, so that it is said once. */
  readonly #complaints = new Map<string, string>()
  #tail: Promise<unknown> = Promise.resolve()
  readonly #versions: Versions
  #watcher: FolderWatch | undefined

  constructor(dir: string, emit: Emit, clock: Clock, options: PlaybookRegistryOptions = {}) {
    this.#dir = resolve(dir)
    this.#emit = emit
    this.#clock = clock
    this.#trustAfter = options.trustAfter ?? 1
    this.#versions = new Versions(options.versions, (thrown) =>
      emit('journal.failed', undefined, { error: toRecord(thrown) }),
    )
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
    this.#watcher = new FolderWatch(this.#dir, {
      clock: this.#clock,
      changed: (names) => {
        const read = names === undefined ? this.reload() : this.#readAgain(names)
        read.catch((thrown: unknown) => this.#complain('', thrown, this.list().length))
      },
      // What was read stays in force, and reload() reads again.
      failed: (thrown) => this.#complain('', thrown, this.list().length),
    })
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
      for (const kernel of this.kernels()) {
        if (!present.has(kernel)) this.#gone(kernel)
      }
    })
  }

  /** Those that were saved, and no other: a fleet may have hundreds. */
  #readAgain(names: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      for (const name of names) {
        if (!/\.ya?ml$/.test(name)) continue
        if (existsSync(join(this.#dir, name))) this.#read(name, new Set())
        else this.#gone(kernelOf(name) ?? '')
      }
    })
  }

  #gone(kernel: string): void {
    if (!this.#shelf.has(kernel)) return
    this.#shelf.keep(kernel, [])
    this.#noted(kernel, '', () => ({ change: 'file deleted by a person' }))
  }

  #noted(kernel: string, text: string, said: () => { change: string; playbook?: string }): void {
    let facts: { change: string; playbook?: string } | undefined
    const version = this.#versions.note(kernel, text, () => {
      facts = said()
      return facts
    })
    if (version !== undefined) this.#emit('playbook.changed', kernel, { file: this.#pathOf(kernel), version, ...facts })
  }

  /** Ends the watching. Resolves when what was being written is on the disk. */
  async close(): Promise<void> {
    this.#watcher?.close()
    await this.#inTurn(async () => undefined)
  }

  /** All playbooks of one kernel, or of every kernel, in the order of the files. */
  list(kernel?: string): readonly Playbook[] {
    return this.#shelf.list(kernel)
  }

  kernels(): string[] {
    return this.#shelf.kernels()
  }

  /** The playbook to use: a trusted one before one on trial, the more successful first; never a suspended one. */
  match(kernel: string, fingerprint: string): Playbook | undefined {
    return this.#shelf.match(kernel, fingerprint)
  }

  /** True where a trusted playbook heals this failure. Constant time: it is asked at a crash. */
  knows(kernel: string, fingerprint: string): boolean {
    return this.#shelf.knows(kernel, fingerprint)
  }

  /**
   * Adds a playbook to its kernel's file. One of the same fingerprint and the same steps is not added twice: it counts
   * as it is, and a suspended one is back on trial.
   * @param comments written above it and its steps.
   * @throws LazaretError PLAYBOOK_INVALID where it, or the file as it stands, is not accepted; the file is not touched.
   */
  async register(playbook: Playbook, comments?: PlaybookComments): Promise<RegisteredPlaybook> {
    const { kernel } = playbook
    let isNews = true
    const added = await this.#change(kernel, (text, there) => {
      const same = sameLesson(there, playbook)
      if (same === undefined || text === undefined) {
        const fresh = { ...playbook, name: freeName(playbook.name, there) }
        const change = `generated ${fresh.name}`
        return { playbook: fresh, text: addPlaybook(text, fresh, comments), change }
      }
      isNews = same.trust === 'suspended'
      if (!isNews) return { playbook: same }
      this.#shelf.asItsFileSays(kernel, same.name)
      const again: Playbook = { ...same, trust: 'trial' }
      const change = `trust of ${again.name} suspended→trial`
      return { playbook: again, text: countPlaybook(text, again), change }
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
    this.#shelf.suspend(kernel, name)
    let saved = false
    try {
      const counted = await this.#count(name, kernel, (playbook) => {
        return { ...playbook, failures: playbook.failures + 1, trust: 'suspended' }
      })
      saved = true
      this.#shelf.asItsFileSays(kernel, name)
      return counted
    } finally {
      this.#emit('playbook.suspended', kernel, { file: this.#pathOf(kernel), name, saved })
    }
  }

  #pathOf(kernel: string): string {
    return join(this.#dir, playbookFileName(kernel))
  }

  /** Reads one file into memory; adds its kernel to those that have one, even where it cannot be read just now. */
  #read(name: string, present: Set<string>, own?: Edit): void {
    const path = join(this.#dir, name)
    const kernel = kernelOf(name) ?? ''
    try {
      if (kernelIdProblem(kernel) !== undefined) throw badName(path)
      present.add(kernel)
      const before = this.#shelf.has(kernel) ? this.list(kernel) : undefined
      const { playbooks, text } = readPlaybookText(path)
      this.#shelf.keep(kernel, playbooks)
      this.#complaints.delete(name)
      this.#noted(kernel, text, () => {
        if (own?.change !== undefined) return { change: own.change, playbook: own.playbook.name }
        return describeEdit(before ?? [], playbooks, before === undefined)
      })
    } catch (thrown) {
      this.#complain(name, thrown, this.list(kernel).length)
    }
  }

  #complain(name: string, thrown: unknown, kept: number): void {
    const error = toRecord(thrown)
    if (this.#complaints.get(name) === error.message) return
    this.#complaints.set(name, error.message)
    this.#emit('playbook.invalid', kernelOf(name), { file: join(this.#dir, name), error, kept })
  }

  #count(name: string, kernel: string, next: (playbook: Playbook) => Playbook): Promise<Playbook | undefined> {
    return this.#change(kernel, (text, there) => {
      const found = there.find((playbook) => playbook.name === name)
      if (found === undefined || text === undefined) return undefined
      const playbook = next(found)
      const { successes, failures, trust } = playbook
      const counted = `${name} counted: ${successes} healed, ${failures} failed`
      const change = found.trust === trust ? counted : `trust of ${name} ${found.trust}→${trust}`
      return { playbook, text: countPlaybook(text, playbook), change }
    })
  }

  /** One change at a time, made on what the file says now, so that a person's edits are never written over. */
  #change(
    kernel: string,
    edit: (text: string | undefined, there: readonly Playbook[]) => Edit | undefined,
  ): Promise<Playbook | undefined> {
    return this.#inTurn(async () => {
      const problem = kernelIdProblem(kernel)
      if (problem !== undefined) {
        throw new LazaretError('PLAYBOOK_INVALID', `No playbook can be kept for ${JSON.stringify(kernel)}: ${problem}.`)
      }
      const path = this.#pathOf(kernel)
      const text = await readIfThere(path)
      // What a person has saved a moment ago is a change of its own.
      if (text !== undefined) this.#read(playbookFileName(kernel), new Set())
      const changed = edit(text, text === undefined ? [] : readPlaybookFile(path))
      if (changed?.text !== undefined) {
        makeFolder(this.#dir)
        await writeFileAtomic(path, changed.text)
      }
      if (changed !== undefined) this.#read(playbookFileName(kernel), new Set(), changed)
      return changed?.playbook
    })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    // The one before may have failed: that was told to its own caller.
    const done = this.#tail.then(work, work)
    this.#tail = done
    return done
  }
}
