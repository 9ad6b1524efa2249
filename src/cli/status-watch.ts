/**
 * `lazaret status --watch`: drawn anew when something happens, and every two seconds for the figures, which the runtime
 * measures no oftener. On a terminal in place, on the alternate screen; elsewhere a line a change, with --json a snapshot a
 * change. A runtime that goes away is waited for. What is on the screen is made in watch-screen.ts.
 */
import type { LazaretEvent } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import { escapeUnsafe } from '../base/redact.ts'
import type { RepairsState } from '../supervisor/repair-switch.ts'
import type { KernelStatus } from '../supervisor/status.ts'
import { type CommonOptions, print } from './command.ts'
import { type Link, withRuntime } from './connection.ts'
import { untilInterrupted } from './interrupt.ts'
import { clockTime, stateCell, styled, terminalWidth } from './terminal.ts'
import { type Watched, watchScreen } from './watch-screen.ts'

/** The least time between two questions, however much happens. Milliseconds. */
const refreshMs = 400
const retryMs = 1000
const eventsKept = 100

interface View extends Disposable {
  show(watched: Watched): void
}

export async function watchStatus({ dataDir, json }: CommonOptions): Promise<void> {
  using interruption = untilInterrupted()
  const { signal } = interruption
  const events: LazaretEvent[] = []
  let last: Watched | undefined
  let view: View | undefined
  try {
    while (!signal.aborted) {
      try {
        await withRuntime(dataDir, (link) =>
          follow(link, events, signal, (kernels, repairs) => {
            last = { dataDir, kernels, repairs, events }
            // Not before something is known: a wrong folder is told on the plain screen.
            view ??= viewFor(json)
            view.show(last)
          }),
        )
      } catch (thrown) {
        // Nobody answers, or no more: of a runtime that was there, that is what is shown.
        if (last === undefined) throw thrown
      }
      if (signal.aborted || last === undefined) break
      last = { ...last, lostAt: last.lostAt ?? Date.now() }
      view?.show(last)
      await pause(retryMs, signal)
    }
  } finally {
    view?.[Symbol.dispose]()
  }
}

function viewFor(json: true | undefined): View {
  if (json) return new JsonView()
  return terminalWidth() === undefined ? new LineView() : new ScreenView()
}

/** Resolves when the runtime is gone, or the user has had enough. */
async function follow(
  link: Link,
  events: LazaretEvent[],
  signal: AbortSignal,
  onFound: (kernels: KernelStatus[], repairs: RepairsState) => void,
): Promise<void> {
  let news = Promise.withResolvers<void>()
  const stream = link.stream<LazaretEvent>('events', {}, (event) => {
    events.push(event)
    if (events.length > eventsKept) events.shift()
    news.resolve()
  })
  const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  let isOver = false
  const over = Promise.race([stream.ended, aborted]).finally(() => {
    isOver = true
  })
  while (!isOver && !signal.aborted) {
    onFound(await link.ask<KernelStatus[]>('status'), await link.ask<RepairsState>('repairs'))
    await Promise.race([over, pause(refreshMs, signal)])
    const timeUp = new AbortController()
    await Promise.race([over, news.promise, pause(limits.vitalsSampleMs - refreshMs, timeUp.signal)])
    timeUp.abort()
    news = Promise.withResolvers()
  }
  await over
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end)
  })
}

/** The alternate screen of a terminal, which has its own back when this ends, however it ends. */
class ScreenView implements View {
  #last: Watched | undefined
  readonly #draw = () => {
    if (this.#last === undefined) return
    const { columns: width = 80, rows: height = 24 } = process.stdout
    const lines = watchScreen(this.#last, { width, height, nowMs: Date.now() })
    // In place, line by line: a screen that is wiped first flickers. Each is wiped before it is written: after a line that
    // fills the width, the cursor stands on its last character.
    process.stdout.write(`\x1b[H${lines.map((line) => `\x1b[2K${line}`).join('\r\n')}\x1b[J`)
  }
  readonly #suspend = () => {
    this.#leave()
    process.kill(process.pid, 'SIGSTOP')
  }
  readonly #resume = () => {
    this.#enter()
    this.#draw()
  }
  readonly #leave = () => void process.stdout.write('\x1b[?7h\x1b[?25h\x1b[?1049l')

  constructor() {
    this.#enter()
    process.stdout.on('resize', this.#draw)
    process.on('SIGTSTP', this.#suspend)
    process.on('SIGCONT', this.#resume)
    process.on('exit', this.#leave)
  }

  show(watched: Watched): void {
    this.#last = watched
    this.#draw()
  }

  /** Lines that are too long all the same end at the edge: one that wrapped would move those below it. */
  #enter(): void {
    process.stdout.write('\x1b[?1049h\x1b[?25l\x1b[?7l')
  }

  [Symbol.dispose](): void {
    process.stdout.off('resize', this.#draw)
    process.off('SIGTSTP', this.#suspend)
    process.off('SIGCONT', this.#resume)
    process.off('exit', this.#leave)
    this.#leave()
  }
}

/** What makes a snapshot another one; figures do not. */
function keyOf({ state, servedBy, failures, incident, hotfix, standbys, why }: KernelStatus): string {
  return JSON.stringify([state, servedBy, failures, incident, hotfix, standbys.ready, why])
}

/** A line for each kernel at first, then for each that has changed. */
class LineView implements View {
  readonly #before = new Map<string, { key: string; state: string }>()
  #isLost = false

  show({ kernels, dataDir, lostAt }: Watched): void {
    const time = clockTime(Date.now())
    if (lostAt !== undefined && !this.#isLost) print(`${time}  the runtime in ${dataDir} has gone away; trying again`)
    this.#isLost = lostAt !== undefined
    if (this.#isLost) return
    const width = Math.max(...kernels.map(({ id }) => id.length))
    for (const kernel of kernels) {
      const [before, key] = [this.#before.get(kernel.id), keyOf(kernel)]
      this.#before.set(kernel.id, { key, state: kernel.state })
      if (before?.key === key) continue
      const { style, text } = stateCell(kernel.state)
      const from = before === undefined || before.state === kernel.state ? '' : `${before.state} -> `
      const by = `served by ${kernel.reroutedTo ?? kernel.servedBy}`
      const failed = kernel.failures === 0 ? '' : `, failed ${kernel.failures}`
      print(`${time}  ${kernel.id.padEnd(width)}  ${from}${styled(style, text)}, ${by}${failed}`)
    }
  }

  [Symbol.dispose](): void {}
}

/** One object a line. */
class JsonView implements View {
  #before = ''

  show({ kernels, repairs, lostAt }: Watched): void {
    const running = lostAt === undefined
    const key = running ? JSON.stringify([repairs, kernels.map(keyOf)]) : 'gone'
    if (key === this.#before) return
    this.#before = key
    const snapshot = { at: Date.now(), running, ...(running && { repairs, kernels }) }
    print(escapeUnsafe(JSON.stringify(snapshot)))
  }

  [Symbol.dispose](): void {}
}
