/** What a candidate may use up, at each level of isolation that this machine gives. */
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { SandboxPool } from '../../src/repair/sandbox-pool.ts'
import type { TrialBounds } from '../../src/repair/trial.ts'
import { Bench, isAlive, levels, processesNaming, waitUntil } from './bench.ts'

const bench = new Bench()
afterAll(() => {
  expect(processesNaming(bench.root)).toEqual([])
  bench.remove()
})

const slowly = (grow: string) =>
  `const kept: unknown[] = []
    for (let n = 0; n < 400; n += 1) { ${grow}; await new Promise((r) => setTimeout(r, 5)) }
    return { api: {} }`
const memory = { outcome: 'exited', error: { code: 'KERNEL_OUT_OF_MEMORY' } }
const bombs: [string, string, Partial<TrialBounds>, object][] = [
  [
    'fills its heap',
    'const kept: unknown[] = []\n    for (;;) kept.push(new Array(1000).fill({}))',
    { heapMb: 32 },
    memory,
  ],
  ['fills buffers', slowly('kept.push(Buffer.alloc(8e6, 1))'), { rssMb: 256 }, memory],
  [
    'fills shared memory',
    slowly('kept.push(new Uint8Array(new SharedArrayBuffer(8e6)).fill(1))'),
    { rssMb: 256 },
    memory,
  ],
  [
    'prints without end',
    "for (;;) { process.stdout.write('flood '.repeat(1000)); await new Promise(setImmediate) }",
    {},
    { outcome: 'failed', error: { code: 'SANDBOX_FAILED' } },
  ],
  ['spins', 'for (;;);', { startMs: 1000 }, { outcome: 'hung', phase: 'start', error: { code: 'KERNEL_HUNG' } }],
  ['aborts', 'process.abort()', {}, { outcome: 'exited', error: { code: 'KERNEL_EXITED' } }],
]

describe.each(levels)('at level %s', (_, options) => {
  const pool = new SandboxPool(undefined, options)
  afterAll(() => pool.close())
  const run = (entry: string, bounds: Partial<TrialBounds>) =>
    pool.run(bench.job(entry, {}, bounds), new AbortController().signal)

  test.each(bombs)('a candidate that %s is ended, and what it cost is said', async (_name, body, bounds, expected) => {
    const result = await run(bench.kernel(body), bounds)
    expect(result).toMatchObject(expected)
    expect(isAlive(result.pid)).toBe(false)
    expect(result.cost).toMatchObject({ warm: false, cpuMs: expect.any(Number), durationMs: expect.any(Number) })
  })

  test('the CPU time of a spin is in its cost, that of an idle wait is not', async () => {
    const [spin, wait] = await Promise.all([
      run(bench.kernel('for (;;);'), { startMs: 1500 }),
      run(bench.kernel('await new Promise(() => {})'), { startMs: 1500 }),
    ])
    expect(spin.cost?.cpuMs).toBeGreaterThan(2 * (wait.cost?.cpuMs ?? Number.NaN))
  })

  test('the system bounds its CPU time and writes no core file', async () => {
    const job = bench.job(bench.kernel('await new Promise(() => {})'), {}, { runMs: 60_000 })
    const controller = new AbortController()
    const ended = expect(pool.run(job, controller.signal)).rejects.toThrow('seen')
    const bounded = () => processesNaming(job.folder).filter((pid) => /Max cpu time\s+70\s+70/.test(limitsOf(pid)))
    await waitUntil(() => bounded().some((pid) => isNode(pid)), 10_000, 'a candidate with bounds')
    for (const pid of bounded()) expect(limitsOf(pid)).toMatch(/Max core file size\s+0\s+0/)
    controller.abort(new Error('seen'))
    await ended
  })
})

function limitsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/limits`, 'utf8')
  } catch {
    // It has just ended.
    return ''
  }
}

const isNode = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(process.execPath)
