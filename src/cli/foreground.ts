/**
 * The output of `lazaret run`: a line an event, wrapped at the edge of a terminal; dead letters, of which there may be
 * thousands, as one line a second. With --json every event is a line as it is.
 */
import type { LazaretEvent } from '../base/events.ts'
import { escapeUnsafe, redact } from '../base/redact.ts'
import { unrefTimer } from '../base/timers.ts'
import { narrate, type Sentence, type Tone } from '../dashboard/narrate.ts'
import { clockTime, count, pathFromHere, type Style, styled, terminalWidth, wrap } from './terminal.ts'

const styles: Readonly<Record<Tone, Style>> = {
  ...{ good: 'green', bad: 'red', watch: 'yellow', plain: 'dim' },
  urgent: ['bold', 'red'],
}
const wordWidth = 11
const tallyMs = 1000

export interface Output {
  event(event: LazaretEvent): void
  /** A line about the runtime itself. */
  say(word: string, text: string, tone?: Tone): void
  /** Tells what it still holds back. */
  flush(): void
}

export function jsonOutput(write: (text: string) => void): Output {
  return {
    event: (event) => write(`${escapeUnsafe(JSON.stringify(redact(event)))}\n`),
    say: () => {},
    flush: () => {},
  }
}

/** @param kernels ids, for the width of their column. */
export function textOutput(write: (text: string) => void, kernels: readonly string[]): Output {
  const idWidth = Math.max(...kernels.map((id) => id.length))
  const line = (at: number, kernel: string, { word, tone, text }: Sentence) => {
    const time = styled('dim', clockTime(at))
    const indent = 8 + 2 + wordWidth + 2 + idWidth + 2
    const width = terminalWidth()
    const room = width === undefined ? Number.POSITIVE_INFINITY : Math.max(24, width - indent)
    const [first = '', ...more] = wrap(text, room)
    const shownWord = styled(styles[tone], word.padEnd(wordWidth))
    write(`${`${time}  ${shownWord}  ${kernel.padEnd(idWidth)}  ${first}`.trimEnd()}\n`)
    for (const rest of more) write(`${' '.repeat(indent)}${rest}\n`)
  }
  const letters = new DeadLetterTally((kernel, sentence) => line(Date.now(), kernel, sentence))
  return {
    event(event) {
      if (event.type === 'message.deadLettered') {
        letters.add(event)
        return
      }
      const sentence = narrate(event, pathFromHere)
      if (sentence !== undefined) line(event.at, event.kernel ?? '', sentence)
    },
    say: (word, text, tone = 'plain') => line(Date.now(), '', { word, text, tone }),
    flush: () => letters.flush(),
  }
}

class DeadLetterTally {
  readonly #tell: (kernel: string, sentence: Sentence) => void
  readonly #counts = new Map<string, { n: number; last: LazaretEvent }>()
  #timer: unknown

  constructor(tell: (kernel: string, sentence: Sentence) => void) {
    this.#tell = tell
  }

  add(event: LazaretEvent): void {
    const kernel = event.kernel ?? ''
    this.#counts.set(kernel, { n: (this.#counts.get(kernel)?.n ?? 0) + 1, last: event })
    if (this.#timer !== undefined) return
    this.#timer = setTimeout(() => this.flush(), tallyMs)
    unrefTimer(this.#timer)
  }

  flush(): void {
    clearTimeout(this.#timer as NodeJS.Timeout)
    this.#timer = undefined
    for (const [kernel, { n, last }] of this.#counts) {
      const example = narrate(last)?.text ?? ''
      const text = n === 1 ? example : `${count(n, 'message')}, the last: ${example}`
      this.#tell(kernel, { word: 'dead letter', tone: 'watch', text })
    }
    this.#counts.clear()
  }
}
