/** The stress run as a person starts it: its JSON, and what an interruption leaves. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { watch } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { defects } from '../../src/chaos/defects.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

function begin(
  cwd: string,
  args: readonly string[],
): { child: ChildProcess; end: Promise<{ code: number | null; out: string; err: string }> } {
  const child = spawn(process.execPath, [main, 'stress', ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const text = { out: '', err: '' }
  child.stdout?.on('data', (chunk: Buffer) => {
    text.out += chunk
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    text.err += chunk
  })
  return { child, end: new Promise((resolve) => child.on('close', (code) => resolve({ code, ...text }))) }
}

/** The run needs the packages that the fleet imports, so it works below the checkout, in a folder that git ignores. */
function place(): string {
  const folder = fileURLToPath(new URL('../../.lazaret/', import.meta.url))
  mkdirSync(folder, { recursive: true })
  return mkdtempSync(join(folder, 'stress-test-'))
}

/** Resolves when the run has written a file of this name. */
async function written(cwd: string, name: string): Promise<void> {
  for await (const { filename } of watch(cwd, { recursive: true, signal: AbortSignal.timeout(30_000) })) {
    if (filename?.endsWith(name)) return
  }
}

test('every defect heals as its row says, one by a playbook made in the same run, and nothing is lost', {
  timeout: 120_000,
}, async () => {
  const cwd = place()
  try {
    const { code, out, err } = await begin(cwd, ['--json']).end
    expect(err).toBe('')
    const report = JSON.parse(out)
    expect(report.rows.filter((row: { asExpected: boolean }) => !row.asExpected)).toEqual([])
    expect(code).toBe(0)
    expect(report.rows).toHaveLength(defects.length)
    expect(report).toMatchObject({
      ...{ kernels: { total: 6, running: 5, quarantined: 0, parked: 1, failed: 0 } },
      faults: { injected: defects.length, healed: defects.length - 1, asExpected: defects.length },
      ...{ restarts: { pastBudget: 0 }, asks: { unsettled: 0 }, messages: { lost: 0 }, playbooks: { used: 1 } },
    })
    const { sent, replied, failed } = report.asks
    expect(replied + failed).toBe(sent)
    expect(report.messages.handled + report.messages.deadLettered).toBe(report.messages.accepted)
    // Each restart beyond the first crash is one that the table explains.
    expect(report.restarts.total).toBe(
      report.rows.reduce((sum: number, row: { restarts: number }) => sum + row.restarts, 0),
    )
    expect(readdirSync(join(cwd, '.lazaret', 'stress'))).toEqual([])
  } finally {
    rmSync(cwd, { recursive: true, force: true })
  }
})

test.each([
  ['while it starts', 'journal.db'],
  ['while kernels are repaired', 'error.json'],
])('an interruption %s leaves no thread, process or file', { timeout: 60_000 }, async (_when, file) => {
  const cwd = place()
  try {
    const started = written(cwd, file)
    const { child, end } = begin(cwd, ['--json'])
    await started
    child.kill('SIGINT')
    // Far below the deadline of a row, for which it must not wait any more.
    const late = setTimeout(() => child.kill('SIGKILL'), 15_000)
    const { code, err } = await end
    clearTimeout(late)
    expect({ code, err }).toEqual({ code: 130, err: expect.stringContaining('Interrupted') })
    expect(readdirSync(join(cwd, '.lazaret', 'stress'))).toEqual([])
  } finally {
    rmSync(cwd, { recursive: true, force: true })
  }
})
