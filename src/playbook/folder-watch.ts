/**
 * Says which files of the playbooks folder were saved, after a moment of quiet: an editor saves in several steps, and half
 * a file is a bad file. It reads none of them.
 */
import { type FSWatcher, watch } from 'node:fs'
import type { Clock } from '../base/clock.ts'
import { limits } from '../base/limits.ts'
import { unrefTimer } from '../base/timers.ts'

export interface FolderWatchPorts {
  readonly clock: Clock
  /** @param names of the files; undefined where the system does not say which. */
  changed(names: readonly string[] | undefined): void
  /** The system has no watch to spare, or gives it up. */
  failed(thrown: unknown): void
}

export class FolderWatch {
  readonly #ports: FolderWatchPorts
  readonly #names = new Set<string>()
  #everything = false
  #watcher: FSWatcher | undefined
  #timer: unknown
  #closed = false

  constructor(folder: string, ports: FolderWatchPorts) {
    this.#ports = ports
    try {
      this.#watcher = watch(folder, { persistent: false }, (_, name) => this.#note(name))
      this.#watcher.on('error', (thrown) => ports.failed(thrown))
    } catch (thrown) {
      ports.failed(thrown)
    }
  }

  close(): void {
    this.#closed = true
    this.#watcher?.close()
    if (this.#timer !== undefined) this.#ports.clock.clearTimeout(this.#timer)
  }

  #note(name: string | null): void {
    if (this.#closed) return
    if (name === null) this.#everything = true
    else this.#names.add(name)
    const { clock } = this.#ports
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer)
    this.#timer = clock.setTimeout(() => this.#tell(), limits.playbookReloadMs)
    unrefTimer(this.#timer)
  }

  #tell(): void {
    const names = this.#everything ? undefined : [...this.#names]
    this.#everything = false
    this.#names.clear()
    this.#ports.changed(names)
  }
}
