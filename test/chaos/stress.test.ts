/** What an interruption of the stress run leaves: nothing. */
import { readdirSync, rmSync } from 'node:fs'
import { watch } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { begin, place } from './begin.ts'

/** Resolves when the run has written a file of this name. */
async function written(cwd: string, name: string): Promise<void> {
  for await (const { filename } of watch(cwd, { recursive: true, signal: AbortSignal.timeout(30_000) })) {
    if (filename?.endsWith(name)) return
  }
}

test.each([
  ['while it starts', 'journal.db'],
  ['while kernels are repaired', 'error.json'],
])('an interruption %s leaves no thread, process or file', async (_when, file) => {
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
