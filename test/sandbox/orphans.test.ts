import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { SandboxPool } from '../../src/repair/sandbox-pool.ts'
import { Bench, isAlive, waitUntil } from './bench.ts'

const bench = new Bench()
afterAll(() => bench.remove())

const reportsPid = (then: string) =>
  bench.kernel(
    `fs.writeFileSync(ctx.dataDir + '/pid.tmp', String(process.pid)); fs.renameSync(ctx.dataDir + '/pid.tmp', ctx.dataDir + '/pid')
    ${then}
    return { api: {} }`,
    "import fs from 'node:fs'",
  )
const pidIn = (folder: string) => Number(readFileSync(join(folder, 'data/pid'), 'utf8'))
const started = (folder: string) => () => existsSync(join(folder, 'data/pid'))
/** Linux only, as the field is read from /proc. */
const parentOf = (pid: number) => Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[3])
const waits = {
  spinning: 'for (;;);',
  blocked: 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)',
  idle: 'await new Promise(() => {})',
}

test('an abort kills the candidate, and run() rejects with the reason once it is gone', async () => {
  const pool = new SandboxPool()
  const job = bench.job(reportsPid(waits.spinning))
  const controller = new AbortController()
  const running = pool.run(job, controller.signal)
  const ended = expect(running).rejects.toThrow('enough')
  await waitUntil(started(job.folder), 10_000, 'the start of the candidate')
  controller.abort(new Error('enough'))
  await ended
  expect(isAlive(pidIn(job.folder))).toBe(false)
  await pool.close()
})

test('closing the pool ends what runs and what waits', async () => {
  const pool = new SandboxPool()
  const jobs = [1, 2, 3].map(() => bench.job(reportsPid(waits.idle)))
  const ended = jobs.map((job) =>
    expect(pool.run(job, new AbortController().signal)).rejects.toMatchObject({ code: 'RUNTIME_STOPPED' }),
  )
  await waitUntil(() => jobs.filter((job) => started(job.folder)()).length >= 2, 10_000, 'the start of two candidates')
  await pool.close()
  await Promise.all(ended)
  for (const job of jobs) if (started(job.folder)()) expect(isAlive(pidIn(job.folder))).toBe(false)
})

test.each(Object.entries(waits))('a candidate that is %s dies with a host that is killed', async (_, wait) => {
  const job = bench.job(reportsPid(wait), {}, { runMs: 60_000, startMs: 60_000 })
  const host = new URL(`file://${bench.path('host.ts')}`)
  bench.write(
    'host.ts',
    `import { SandboxPool } from ${JSON.stringify(new URL('../../src/repair/sandbox-pool.ts', import.meta.url).href)}
    await new SandboxPool().run(JSON.parse(process.argv[2] as string), new AbortController().signal)`,
  )
  const child = spawn(process.execPath, [host.pathname, JSON.stringify(job)], { stdio: 'ignore' })
  const gone = new Promise((resolve) => child.on('exit', resolve))
  await waitUntil(started(job.folder), 20_000, 'the start of the candidate')
  const pid = pidIn(job.folder)
  const shell = parentOf(pid)
  expect(isAlive(pid) && isAlive(shell)).toBe(true)
  child.kill('SIGKILL')
  await gone
  await waitUntil(() => !isAlive(pid), 5000, 'the end of the candidate')
  await waitUntil(() => !isAlive(shell), 5000, 'the end of its shell')
})
