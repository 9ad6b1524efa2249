/**
 * The playbooks in memory, for the moment of a crash: by kernel, with what is trusted at hand, and what has failed
 * suspended before the disk knows. It reads and writes no files.
 */
import { bestMatch } from './match.ts'
import type { Playbook } from './schema.ts'

export class Shelf {
  readonly #byKernel = new Map<string, readonly Playbook[]>()
  /** `kernel fingerprint` of what is trusted: asked at every crash. */
  readonly #trusted = new Set<string>()
  /** `kernel name` of what failed and is not known to be suspended on disk yet. */
  readonly #failed = new Set<string>()

  /** All playbooks of one kernel, or of every kernel, in the order of the files. */
  list(kernel?: string): readonly Playbook[] {
    return kernel === undefined ? [...this.#byKernel.values()].flat() : (this.#byKernel.get(kernel) ?? [])
  }

  /** Those that have playbooks. */
  kernels(): string[] {
    return [...this.#byKernel.keys()]
  }

  has(kernel: string): boolean {
    return this.#byKernel.has(kernel)
  }

  /** The playbook to use: a trusted one before one on trial, the more successful first; never a suspended one. */
  match(kernel: string, fingerprint: string): Playbook | undefined {
    return bestMatch(this.list(kernel), fingerprint)
  }

  /** True where a trusted playbook heals this failure. Constant time: it is asked at a crash. */
  knows(kernel: string, fingerprint: string): boolean {
    return this.#trusted.has(`${kernel} ${fingerprint}`)
  }

  /** These are a kernel's playbooks from now on. */
  keep(kernel: string, playbooks: readonly Playbook[]): void {
    const current = playbooks.map((playbook): Playbook => {
      return this.#failed.has(`${kernel} ${playbook.name}`) ? { ...playbook, trust: 'suspended' } : playbook
    })
    const key = ({ fingerprint }: Playbook) => `${kernel} ${fingerprint}`
    for (const playbook of this.list(kernel)) this.#trusted.delete(key(playbook))
    for (const playbook of current) if (playbook.trust === 'trusted') this.#trusted.add(key(playbook))
    if (current.length === 0) this.#byKernel.delete(kernel)
    else this.#byKernel.set(kernel, current)
  }

  /** Suspended from now on, whatever its file says. */
  suspend(kernel: string, name: string): void {
    this.#failed.add(`${kernel} ${name}`)
    this.keep(kernel, this.list(kernel))
  }

  /** Its file says again how it is. */
  asItsFileSays(kernel: string, name: string): void {
    this.#failed.delete(`${kernel} ${name}`)
  }
}
