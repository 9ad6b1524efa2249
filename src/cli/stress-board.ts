/** The stress run while it goes on, on a terminal. */
import { type Defect, defects } from '../chaos/defects.ts'
import type { StressRow } from '../chaos/report.ts'
import { clip, duration, styled } from './terminal.ts'

/** The wave at work, one line a defect, redrawn in place. */
export class Board {
  readonly #begun = new Map<Defect, number>()
  readonly #done = new Map<Defect, StressRow>()
  readonly #timer: NodeJS.Timeout
  readonly #title: string
  #height = 0

  constructor(title: string) {
    this.#title = title
    this.#timer = setInterval(() => this.#draw(), 200)
    this.#draw()
  }

  update(defect: Defect, row: StressRow | undefined): void {
    if (row === undefined) this.#begun.set(defect, performance.now())
    else this.#done.set(defect, row)
    this.#draw()
  }

  clear(): void {
    clearInterval(this.#timer)
    process.stdout.write(this.#home())
  }

  #home(): string {
    return this.#height === 0 ? '' : `\x1b[${this.#height}A\x1b[0J`
  }

  #draw(): void {
    const open = defects.find((defect) => !this.#done.has(defect))
    const wave = open?.wave ?? 3
    const ofWave = defects.filter((defect) => defect.wave === wave)
    const width = Math.max(...defects.map(({ name }) => name.length))
    const lines = ofWave.map((defect) => {
      const name = `${defect.name.padEnd(width)}  ${defect.kernel.padEnd(14)}`
      return `${this.#mark(defect)} ${name} ${this.#word(defect)}`
    })
    const title = `${this.#title}wave ${wave} of 3, ${this.#done.size} of ${defects.length} defects settled`
    const text = [styled('bold', title), ...lines].join('\n')
    process.stdout.write(`${this.#home()}${text}\n`)
    this.#height = lines.length + 1
  }

  #mark(defect: Defect): string {
    const row = this.#done.get(defect)
    if (row !== undefined) return row.asExpected ? styled('green', '+') : styled('red', '!')
    return this.#begun.has(defect) ? styled('yellow', '>') : styled('dim', '.')
  }

  #word(defect: Defect): string {
    const row = this.#done.get(defect)
    if (row !== undefined) return `${clip(row.healedBy, 24)} ${styled('dim', duration(row.tookMs))}`
    const since = this.#begun.get(defect)
    if (since === undefined) return styled('dim', 'waits')
    return styled('yellow', duration(performance.now() - since))
  }
}
