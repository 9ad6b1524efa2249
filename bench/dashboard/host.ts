/**
 * The runtime of bench/dashboard.ts, in a process of its own so that the browser's driver is not measured with it: a
 * fleet of small kernels, the dashboard, and on request 1,000 events a second.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRuntime } from '../../src/index.ts'

export type Order =
  | { readonly do: 'load'; readonly on: boolean }
  | { readonly do: 'quarantine'; readonly kernel: string }
  | { readonly do: 'cpu' }
  | { readonly do: 'stop' }

export type Answer =
  | { readonly is: 'ready'; readonly url: string; readonly kernels: readonly string[] }
  /** When the transition was told, epoch milliseconds with fractions. */
  | { readonly is: 'transition'; readonly kernel: string; readonly at: number }
  /** Of the main thread since its start. */
  | { readonly is: 'cpu'; readonly micros: number; readonly events: number }
  | { readonly is: 'stopped' }

const [folder = '', size = '300'] = process.argv.slice(2)
const eventsPerSecond = 1000
const tickMs = 20

/** Counts, and refuses nothing; every tenth asks its neighbour now and then, so that there is traffic to draw. */
const source = `import { defineKernel } from 'lazaret/kernel'
export default defineKernel({
  start(ctx) {
    let n = 0
    const next = ctx.config.next === undefined ? undefined : ctx.ref(ctx.config.next)
    return { api: { count: () => { n += 1; if (next !== undefined && n % 3 === 0) next.tell.count(); return n } } }
  },
})
`
const name = (n: number) => `part_${String(n).padStart(3, '0')}`
const kernels = Array.from({ length: Number(size) }, (_, n) => name(n))
/** Out of service, and refuses: each tell to it is a dead letter, which is an event. */
const shut = 'shut'

mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'kernel.js'), source)
writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
const runtime = createRuntime({
  fleet: {
    kernels: [
      ...kernels.map((id, n) => ({
        ...{ id, entry: join(folder, 'kernel.js'), tier: ((n % 5) + 1) as 1 | 2 | 3 | 4 | 5 },
        ...(n >= 10 && { dependsOn: [name(n % 10)] }),
        config: n % 10 === 9 ? { next: name((n * 7) % Number(size)) } : {},
      })),
      { id: shut, entry: join(folder, 'kernel.js'), tier: 5, degraded: { mode: 'reject' } },
    ],
  },
  ...{ dataDir: join(folder, 'data'), quarantineDir: join(folder, 'quarantine'), log: false },
  playbooksDir: join(folder, 'playbooks'),
})
const say = (answer: Answer) => void process.send?.(answer)

let events = 0
runtime.on('event', ({ type, kernel = '', to }) => {
  events += 1
  if (type === 'kernel.transitioned' && to !== 'running.steady')
    say({ is: 'transition', kernel, at: performance.timeOrigin + performance.now() })
})
await runtime.start()
await runtime.kernel(shut).quarantine()
const { url } = await runtime.serveDashboard()

let timer: NodeJS.Timeout | undefined
let turn = 0
const refs = kernels.map((id) => runtime.ref(id))
const closed = runtime.ref(shut)
function load(): void {
  for (let n = 0; n < (eventsPerSecond * tickMs) / 1000; n += 1) {
    closed.tell.count?.()
    turn += 1
    refs[(turn * 13) % refs.length]?.tell.count?.()
  }
}

process.on('message', async (order: Order) => {
  if (order.do === 'load') {
    clearInterval(timer)
    timer = order.on ? setInterval(load, tickMs) : undefined
  } else if (order.do === 'quarantine') await runtime.kernel(order.kernel).quarantine()
  else if (order.do === 'cpu') {
    const { user, system } = process.threadCpuUsage()
    say({ is: 'cpu', micros: user + system, events })
  } else if (order.do === 'stop') {
    clearInterval(timer)
    await runtime.stop()
    say({ is: 'stopped' })
    process.disconnect?.()
  }
})
say({ is: 'ready', url, kernels })
