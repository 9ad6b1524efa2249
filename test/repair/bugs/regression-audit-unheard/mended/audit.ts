export class AuditTrail {
  readonly lines: string[]
  #last: Promise<void> = Promise.resolve()

  constructor(lines: string[] = []) {
    this.lines = [...lines]
  }

  /** Callers do not wait for it. */
  note(what: string, name: string, who = 'somebody'): void {
    this.#last = this.#last.then(() => this.#write(what, name, who))
  }

  settled(): Promise<void> {
    return this.#last
  }

  async #write(what: string, name: string, who: string): Promise<void> {
    this.lines.push(`${who.trim().toLowerCase()} ${what} ${name}`)
  }
}
