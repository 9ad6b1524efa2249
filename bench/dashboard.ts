/**
 * What the dashboard is worth and what it costs, with real Chromium on the same machine: how long after an event the page
 * has drawn it, how many frames a second it draws with 300 kernels and 1,000 events a second, and how much of a core the
 * runtime's main thread spends on it (the same load with a page open and without one, in turn).
 *
 *     npm run -s bench -- dashboard [--json] [--kernels 300] [--rounds 5]
 */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { chromiumPath, launch, visit } from '../test/support/browser.ts'
import type { Answer, Order } from './dashboard/host.ts'

/** What the issue asks for. */
const goals = { delayMs: 250, framesPerSecond: 30, shareOfCore: 0.05 }
const delaySamples = 30
const windowMs = 8000

export async function dashboard(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean' },
      kernels: { type: 'string', default: '300' },
      rounds: { type: 'string', default: '5' },
    },
  })
  if (chromiumPath === undefined) throw new Error('This bench needs Chromium: apt-get install chromium')
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-bench-'))
  const host = new Host(folder, values.kernels)
  const browser = await launch()
  try {
    const { url, kernels } = await host.answer('ready')
    const delays = await delaysTo(host, browser, url, kernels)
    const rounds = []
    for (let n = 0; n < Number(values.rounds); n += 1) rounds.push(await costAndFrames(host, browser, url))
    report({ delays, rounds, kernels: kernels.length, asJson: values.json === true })
  } finally {
    await browser.close()
    await host.end()
    rmSync(folder, { recursive: true, force: true })
  }
}

class Host {
  readonly #child: ChildProcess
  readonly #said: Answer[] = []
  #wake = () => {}

  constructor(folder: string, kernels: string) {
    this.#child = fork(fileURLToPath(new URL('dashboard/host.ts', import.meta.url)), [folder, kernels])
    this.#child.on('message', (answer: Answer) => {
      this.#said.push(answer)
      this.#wake()
    })
  }

  send(order: Order): void {
    this.#child.send(order)
  }

  forget(): void {
    this.#said.length = 0
  }

  /** The next answer of this kind. @throws Error after two minutes. */
  async answer<K extends Answer['is']>(is: K, kernel?: string): Promise<Extract<Answer, { is: K }>> {
    const endsAt = Date.now() + 120_000
    for (;;) {
      const index = this.#said.findIndex((one) => one.is === is && (!('kernel' in one) || one.kernel === kernel))
      if (index >= 0) return this.#said.splice(index, 1)[0] as Extract<Answer, { is: K }>
      const leftMs = endsAt - Date.now()
      if (leftMs <= 0) throw new Error(`The runtime said no ${is} within two minutes.`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const gone = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()))
    this.send({ do: 'stop' })
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 30_000)
    await gone
    clearTimeout(timer)
  }
}

type Browser = Parameters<typeof visit>[0]

/** From the moment a transition was told in the runtime to the frame after the page has changed the kernel's node. */
async function delaysTo(host: Host, browser: Browser, url: string, kernels: readonly string[]): Promise<number[]> {
  await using visited = await visit(browser, url)
  const { page } = visited
  await page.waitForSelector('[data-kernel]')
  const delays: number[] = []
  for (let n = 0; n < delaySamples; n += 1) {
    const kernel = kernels[(n * 37) % kernels.length] ?? ''
    await watchFor(page, kernel)
    host.forget()
    host.send({ do: 'quarantine', kernel })
    const { at } = await host.answer('transition', kernel)
    delays.push((await page.evaluate<number>('globalThis.drawnAt')) - at)
  }
  return delays
}

/** `drawnAt` in the page is a promise then: epoch milliseconds of the frame after the next change of the kernel's `data-state`. */
async function watchFor(page: Page, kernel: string): Promise<void> {
  await page.evaluate(`void (globalThis.drawnAt = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('${kernel} was not drawn anew within 30 s')), 30_000)
    const observer = new MutationObserver(() => {
      observer.disconnect()
      clearTimeout(timer)
      requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now()))
    })
    for (const node of document.querySelectorAll('[data-kernel="${kernel}"]'))
      observer.observe(node, { attributes: true, attributeFilter: ['data-state'] })
  }))`)
}

interface Round {
  readonly framesPerSecond: number
  readonly worstFrameMs: number
  readonly eventsPerSecond: number
  /** Of one core, of the runtime's main thread under the load. */
  readonly withPage: number
  readonly without: number
}

async function costAndFrames(host: Host, browser: Browser, url: string): Promise<Round> {
  host.send({ do: 'load', on: true })
  const without = await shareOfCore(host)
  await using visited = await visit(browser, url)
  await visited.page.waitForSelector('[data-kernel]')
  const frames = countFrames(visited.page, windowMs)
  const withPage = await shareOfCore(host)
  host.send({ do: 'load', on: false })
  return {
    ...(await frames),
    withPage: withPage.share,
    without: without.share,
    eventsPerSecond: withPage.eventsPerSecond,
  }
}

async function shareOfCore(host: Host): Promise<{ share: number; eventsPerSecond: number }> {
  const sample = async () => {
    host.send({ do: 'cpu' })
    return { atMs: performance.now(), ...(await host.answer('cpu')) }
  }
  const before = await sample()
  await new Promise((resolve) => setTimeout(resolve, windowMs))
  const after = await sample()
  const ms = after.atMs - before.atMs
  return {
    share: (after.micros - before.micros) / 1000 / ms,
    eventsPerSecond: ((after.events - before.events) * 1000) / ms,
  }
}

function countFrames(page: Page, ms: number): Promise<{ framesPerSecond: number; worstFrameMs: number }> {
  return page.evaluate(`new Promise((resolve) => {
    const begin = performance.now()
    let [frames, last, worst] = [0, begin, 0]
    const next = (now) => {
      frames += 1
      worst = Math.max(worst, now - last)
      last = now
      if (now - begin < ${ms}) requestAnimationFrame(next)
      else resolve({ framesPerSecond: (frames * 1000) / (now - begin), worstFrameMs: worst })
    }
    requestAnimationFrame(next)
  })`)
}

const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b)
const quantile = (values: readonly number[], share: number) =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN

interface Findings {
  readonly delays: readonly number[]
  readonly rounds: readonly Round[]
  readonly kernels: number
  readonly asJson: boolean
}

function report({ delays, rounds, kernels, asJson }: Findings): void {
  const costs = rounds.map(({ withPage, without }) => withPage - without)
  const frames = rounds.map(({ framesPerSecond }) => framesPerSecond)
  const rows = [
    {
      ...{ subject: 'event to pixel', unit: 'ms', p50: quantile(delays, 0.5), p99: quantile(delays, 0.99) },
      ...{ goal: `< ${goals.delayMs}`, met: quantile(delays, 0.5) < goals.delayMs, samples: delays.length },
    },
    {
      ...{ subject: 'frames a second', unit: '1/s', p50: quantile(frames, 0.5), p99: Math.min(...frames) },
      ...{ goal: `>= ${goals.framesPerSecond}`, met: quantile(frames, 0.5) >= goals.framesPerSecond },
      samples: frames.length,
    },
    {
      ...{ subject: 'cost to the runtime', unit: 'of a core', p50: quantile(costs, 0.5), p99: Math.max(...costs) },
      ...{ goal: `< ${goals.shareOfCore}`, met: quantile(costs, 0.5) < goals.shareOfCore, samples: costs.length },
    },
  ]
  const load = {
    kernels,
    eventsPerSecond: quantile(
      rounds.map((round) => round.eventsPerSecond),
      0.5,
    ),
  }
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ ...load, rows, rounds, delays: sorted(delays) }, null, 2)}\n`)
    return
  }
  const round = (value: number, unit: string) => (unit === 'of a core' ? value.toFixed(3) : value.toFixed(0))
  process.stdout.write(`${kernels} kernels, ${load.eventsPerSecond.toFixed(0)} events a second\n`)
  for (const { subject, unit, p50, p99, goal, met, samples } of rows) {
    const figures = `median ${round(p50, unit)}, worst ${round(p99, unit)} ${unit}`
    process.stdout.write(
      `${subject.padEnd(20)}  ${figures.padEnd(40)}  ${goal.padEnd(8)}  ${met ? 'met' : 'MISSED'}  (${samples} samples)\n`,
    )
  }
  const without = quantile(
    rounds.map((one) => one.without),
    0.5,
  )
  process.stdout.write(`the load alone takes ${without.toFixed(3)} of a core of the runtime's main thread\n`)
  if (rows.some(({ met }) => !met)) process.exitCode = 1
}
