/**
 * What a command says while it waits: one line on a terminal's stderr, written over and over, gone at the end. Elsewhere
 * nothing, so that logs and pipes have the result and nothing else. The line of a command to a kernel is made of that
 * kernel's events.
 */
import type { LazaretEvent } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import { safeLine } from '../base/redact.ts'
import { narrate } from '../dashboard/narrate.ts'
import { type Link, withRuntime } from './connection.ts'
import { clip, duration, styled, terminalWidth } from './terminal.ts'

const frames = ['|', '/', '-', '\\'] as const
const frameMs = 120
/** What is over sooner needs no line. Milliseconds. */
const quietMs = 1000

export interface ProgressLine extends Disposable {
  /** What is done now. */
  say(text: string): void
  /** Takes the line away; safe to call twice. */
  clear(): void
}

/** @param options quiet: show nothing, as for --json; afterMs: of silence before the line appears, default 1 s. */
export function progressLine(
  what: string,
  options: { readonly quiet?: boolean | undefined; readonly afterMs?: number } = {},
): ProgressLine {
  if (options.quiet === true || terminalWidth(process.stderr) === undefined) {
    return { say: () => {}, clear: () => {}, [Symbol.dispose]: () => {} }
  }
  const begunAt = performance.now()
  let now = ''
  let frame = 0
  let isShown = false
  const draw = () => {
    const elapsedMs = performance.now() - begunAt
    if (elapsedMs < (options.afterMs ?? quietMs)) return
    isShown = true
    frame += 1
    const text = `${frames[frame % frames.length]} ${what}, ${elapsed(elapsedMs)}${now === '' ? '' : `  ${now}`}`
    const shown = clip(safeLine(text), Math.max(20, (terminalWidth(process.stderr) ?? 80) - 1))
    process.stderr.write(`\r\u001b[2K${styled('dim', shown, process.stderr)}`)
  }
  const timer = setInterval(draw, frameMs)
  timer.unref()
  const clear = () => {
    clearInterval(timer)
    if (isShown) process.stderr.write('\r\u001b[2K')
    isShown = false
  }
  const say = (text: string) => {
    now = text
    if (isShown) draw()
  }
  return { say, clear, [Symbol.dispose]: clear }
}

/** Whole seconds: tenths that run by are no news. */
function elapsed(ms: number): string {
  return ms < 60_000 ? `${Math.floor(ms / 1000)} s` : duration(ms)
}

/** Words for the line; undefined for what changes nothing in it. */
export function progressText(event: LazaretEvent): string | undefined {
  const sentence = narrate(event)
  return sentence === undefined ? undefined : `${sentence.word}: ${sentence.text}`
}

/**
 * A command that may take long: `use` is given a link as by withRuntime, and the events say how far it is.
 * @param about which events are: those of this kernel, or those that the function accepts.
 */
export function withProgress<T>(
  { dataDir, json }: { readonly dataDir: string; readonly json?: true },
  what: string,
  about: string | ((event: LazaretEvent) => boolean),
  use: (link: Link) => Promise<T>,
): Promise<T> {
  const isAbout = typeof about === 'string' ? (event: LazaretEvent) => event.kernel === about : about
  return withRuntime(
    dataDir,
    async (link) => {
      using line = progressLine(what, { quiet: json })
      if (terminalWidth(process.stderr) !== undefined && json !== true) {
        const stream = link.stream<LazaretEvent>('events', {}, (event) => {
          const text = isAbout(event) ? progressText(event) : undefined
          if (text !== undefined) line.say(text)
        })
        // The command itself tells what is wrong with the connection.
        stream.ended.catch(() => {})
      }
      return await use(link)
    },
    limits.controlCommandMs,
  )
}
