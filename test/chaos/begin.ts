/** Starts the stress run as a person does. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export function begin(
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
export function place(): string {
  const folder = fileURLToPath(new URL('../../.lazaret/', import.meta.url))
  mkdirSync(folder, { recursive: true })
  return mkdtempSync(join(folder, 'stress-test-'))
}
