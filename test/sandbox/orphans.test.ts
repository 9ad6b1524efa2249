import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import { SandboxPool } from '../../src/repair/sandbox-pool.ts'
import type { TrialJob } from '../../src/repair/trial.ts'
import { Bench, levels, message, processesNaming, waitUntil } from './bench.ts'

const bench = new Bench()
afterAll(() => bench.remove())

const says = (then: string) =>
  bench.kernel(
    `fs.writeFileSync(ctx.dataDir + '/begun', '')
    ${then}
    return { api: {} }`,
    "import fs from 'node:fs'",
  )
const begun = (folder: string) => () => existsSync(join(folder, 'data/begun'))
const gone = (folder: string) => () => processesNaming(folder).length === 0
const signal = new AbortController().signal
const waits = {
  spinning: 'for (;;);',
  blocked: 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)',
  idle: 'await new Promise(() => {})',
}

function jobWithNext(entryUrl: string): TrialJob & { readonly nextFolder: string } {
  const job = bench.job(entryUrl)
  const nextFolder = `${job.folder}-next`
  for (const folder of [job.folder, nextFolder]) {
    for (const name of ['out', 'data']) mkdirSync(join(folder, name), { recursive: true })
  }
  return { ...job, nextFolder }
}

/** A host of its own, to be killed, with this module text after the pool. */
async function hostOf(lines: string, args: unknown) {
  const file = bench.path('host.ts')
  const poolUrl = new URL('../../src/repair/sandbox-pool.ts', import.meta.url).href
  bench.write('host.ts', `import { SandboxPool } from ${JSON.stringify(poolUrl)}\n${lines}`)
  const host = spawn(process.execPath, [file, JSON.stringify(args)], { stdio: 'ignore' })
  const ended = new Promise((resolve) => host.on('exit', resolve))
  return async () => {
    host.kill('SIGKILL')
    await ended
  }
}

test.each(levels)(
  'at level %s an abort kills the candidate, and run() rejects with the reason once it is gone',
  async (_, options) => {
    const pool = new SandboxPool(undefined, options)
    const job = bench.job(says(waits.spinning))
    const controller = new AbortController()
    const running = pool.run(job, controller.signal)
    const ended = expect(running).rejects.toThrow('enough')
    await waitUntil(begun(job.folder), 10_000, 'the start of the candidate')
    expect(processesNaming(job.folder).length).toBeGreaterThan(1)
    controller.abort(new Error('enough'))
    await ended
    expect(processesNaming(job.folder)).toEqual([])
    await pool.close()
  },
)

test.each(levels)('at level %s closing the pool ends what runs and what waits', async (_, options) => {
  const pool = new SandboxPool(undefined, options)
  const jobs = [1, 2, 3].map(() => bench.job(says(waits.idle)))
  const ended = jobs.map((job) => expect(pool.run(job, signal)).rejects.toMatchObject({ code: 'RUNTIME_STOPPED' }))
  await waitUntil(() => jobs.filter((job) => begun(job.folder)()).length >= 2, 10_000, 'the start of two candidates')
  expect(jobs.filter((job) => begun(job.folder)())).toHaveLength(2)
  await pool.close()
  await Promise.all(ended)
  for (const job of jobs) expect(processesNaming(job.folder)).toEqual([])
})

const killed = levels.flatMap(([level, options]) =>
  Object.entries(waits).map(([name, wait]) => [name, level, wait, options] as const),
)

test.each(killed)(
  'a candidate that is %s at level %s dies with a host that is killed',
  async (_, _level, wait, options) => {
    const job = bench.job(says(wait), {}, { runMs: 60_000, startMs: 60_000 })
    const kill = await hostOf(
      `const [job, options] = JSON.parse(process.argv[2] as string)
    await new SandboxPool(undefined, options).run(job, new AbortController().signal)`,
      [job, options],
    )
    await waitUntil(begun(job.folder), 20_000, 'the start of the candidate')
    await kill()
    await waitUntil(gone(job.folder), 5000, 'the end of the candidate, its shell and what is between')
  },
)

test.each(levels)('at level %s a process that waits dies with a host that is killed', async (_, options) => {
  const job = jobWithNext(bench.kernel('return { api: {} }'))
  const kill = await hostOf(
    `const [job, options] = JSON.parse(process.argv[2] as string)
    const pool = new SandboxPool(undefined, options)
    setInterval(() => pool.prepare(job), 100)`,
    [{ ...job, folder: job.nextFolder }, options],
  )
  await waitUntil(() => !gone(job.nextFolder)(), 20_000, 'the start of a process that waits')
  await kill()
  await waitUntil(gone(job.nextFolder), 5000, 'its end')
})

test.each(levels)(
  'at level %s the process started beside a trial runs the next one, and one candidate only',
  async (_, options) => {
    const pool = new SandboxPool(undefined, options)
    const entry = bench.kernel(
      'globalThis.seen = (globalThis.seen ?? 0) + 1\n    return { api: { seen: () => globalThis.seen } }',
    )
    const jobs = [jobWithNext(entry)]
    for (const n of [1, 2]) jobs.push({ ...jobWithNext(entry), folder: jobs[n - 1]?.nextFolder ?? '' })
    const results = []
    for (const job of jobs) results.push(await pool.run({ ...job, messages: [message('seen')] }, signal))
    expect(results.map(({ outcome }) => outcome)).toEqual(['passed', 'passed', 'passed'])
    expect(results.map(({ cost }) => cost?.warm)).toEqual([false, true, true])
    expect(new Set(results.map(({ pid }) => pid)).size).toBe(3)
    expect(new Set(results.map(({ answers }) => JSON.stringify(answers))).size).toBe(1)
    for (const { cost } of results) {
      expect(cost?.cpuMs).toBeGreaterThan(0)
      expect(cost?.rssMb).toBeGreaterThan(20)
    }
    await pool.close()
    for (const { nextFolder } of jobs) expect(processesNaming(nextFolder)).toEqual([])
  },
)

test.each([
  ['another heap', (job: TrialJob) => ({ ...job, bounds: { ...job.bounds, heapMb: job.bounds.heapMb + 1 } })],
  ['another file to read', (job: TrialJob) => ({ ...job, files: [bench.write('elsewhere/more.ts', '')] })],
  ['another kernel', (job: TrialJob) => ({ ...job, entryUrl: bench.kernel('return { api: {} }') })],
])('a process that waits is not used for %s, and is ended', async (_, change) => {
  const pool = new SandboxPool()
  const job = jobWithNext(bench.kernel('return { api: {} }'))
  await pool.run(job, signal)
  const next = change({ ...job, folder: job.nextFolder, nextFolder: `${job.nextFolder}-none` })
  expect(await pool.run(next, signal)).toMatchObject({ outcome: 'passed', cost: { warm: false } })
  await waitUntil(gone(job.nextFolder), limits.sandboxWarmMs / 2, 'the end of the one that was not used')
  await pool.close()
})

test('a folder that was made anew under the same name gets a process of its own', async () => {
  const pool = new SandboxPool()
  const job = jobWithNext(bench.kernel('return { api: {} }'))
  await pool.run(job, signal)
  renameSync(job.nextFolder, `${job.nextFolder}-old`)
  for (const name of ['out', 'data']) mkdirSync(join(job.nextFolder, name), { recursive: true })
  const result = await pool.run({ ...job, folder: job.nextFolder }, signal)
  expect(result).toMatchObject({ outcome: 'passed', cost: { warm: false } })
  await pool.close()
})

test('no more wait than are allowed, and none for long', async () => {
  const pool = new SandboxPool()
  const jobs = Array.from({ length: limits.sandboxWarm + 1 }, () => jobWithNext(bench.kernel('return { api: {} }')))
  for (const job of jobs) await pool.run(job, signal)
  const waiting = () => jobs.filter(({ nextFolder }) => !gone(nextFolder)()).length
  await waitUntil(() => waiting() <= limits.sandboxWarm, 2000, 'the end of the one too many')
  await waitUntil(() => waiting() === 0, 3 * limits.sandboxWarmMs, 'the end of those that nobody came for')
  await pool.close()
})

test('where nothing can be started the trial says so, and what was prepared does not', async () => {
  const pool = new SandboxPool()
  const job = bench.job(bench.kernel('return { api: {} }'))
  pool.prepare({ ...job, folder: bench.path('never-made') })
  expect(existsSync(bench.path('never-made'))).toBe(false)
  expect(await pool.run(job, signal)).toMatchObject({ outcome: 'passed', cost: { warm: false } })
  await pool.close()
})
