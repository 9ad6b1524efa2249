/** A folder that lasts as long as one test. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { LazaretError } from '../../src/base/errors.ts'

export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-journal-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The LazaretError that it throws; anything else fails the test. */
export function errorOf(run: () => unknown): LazaretError {
  try {
    run()
  } catch (thrown) {
    if (thrown instanceof LazaretError) return thrown
    throw thrown
  }
  throw new Error('it was expected to throw')
}
