/** A folder with modules to name, fleets written into it, and the error of a fleet that is refused. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { LazaretError } from '../../src/base/errors.ts'
import type { FleetSpec } from '../../src/base/spec.ts'
import { type FleetInput, loadFleet } from '../../src/supervisor/fleet.ts'

export const dir = realpathSync(mkdtempSync(join(tmpdir(), 'lazaret-fleet-')))
writeFileSync(join(dir, 'kernel.ts'), '')
writeFileSync(join(dir, 'compiled.js'), '')
writeFileSync(join(dir, 'data.json'), '{}')
symlinkSync(join(dir, 'data.json'), join(dir, 'link.ts'))
symlinkSync(join(dir, 'kernel.ts'), join(dir, 'alias.ts'))
mkdirSync(join(dir, 'folder.ts'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

export function load(text: string | Uint8Array): FleetSpec {
  const file = join(dir, 'fleet.yaml')
  writeFileSync(file, text)
  return loadFleet(file)
}

/** It must be one paragraph without control characters. */
export function refusal(run: () => unknown): LazaretError {
  try {
    run()
  } catch (thrown) {
    if (!(thrown instanceof LazaretError)) throw thrown
    expect(thrown.code).toBe('FLEET_INVALID')
    expect(thrown.message).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
    expect(thrown.message).toContain('Got: ')
    return thrown
  }
  throw new Error('the fleet was accepted')
}

export const refused = (text: string | Uint8Array) => refusal(() => load(text))

/** A kernel `a` with more lines, the first of which is line 4. */
export const one = (...lines: string[]) =>
  ['kernels:', '  - id: a', '    entry: ./kernel.ts', ...lines.map((line) => `    ${line}`)].join('\n')

/** A fleet of one kernel `a`, as an object. */
export const object = (kernel: Record<string, unknown>) =>
  loadFleet({ kernels: [{ id: 'a', entry: './kernel.ts', ...kernel }] } as FleetInput, { baseDir: dir })
