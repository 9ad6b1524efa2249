/** Supervision outlives the process: kill -9 of the host at each point of the ladder, and the next start goes on. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { notesCheck, notesKernel } from '../five-steps/ladder.ts'

const host = fileURLToPath(new URL('./host.ts', import.meta.url))

/** In the order in which the ladder passes them. */
const points = [
  'kernel.crashed#1',
  'incident.opened',
  'diagnostics.captured',
  'kernel.quarantined',
  'repair.proposed',
  'repair.verified',
  'hotfix.applied',
  'kernel.rejoined',
  'playbook.generated',
  'playbook.trusted',
  'incident.resolved',
]

function run(folder: string, point: string, phase: string): Promise<{ signal: string | null; out: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [host, folder, point, phase], { stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (text: string) => {
      out += text
    })
    child.on('error', reject)
    child.on('close', (_code, signal) => resolve({ signal, out }))
  })
}

function leftOvers(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.includes('.tmp-') || /\/repair\/./.test(`/${name}`))
}

test.concurrent.each(points)(
  'after kill -9 at %s the next start explains the kernel and heals it',
  async (point) => {
    const folder = mkdtempSync(join(tmpdir(), 'lazaret-kill-'))
    try {
      writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
      writeFileSync(join(folder, 'kernel.ts'), notesKernel)
      writeFileSync(join(folder, 'check.ts'), notesCheck)
      const first = await run(folder, point, 'break')
      expect(first.signal, `the host died at ${point}: ${first.out}`).toBe('SIGKILL')

      const second = await run(folder, 'none', 'resume')
      expect(second.signal).toBeNull()
      const told = JSON.parse(second.out)
      expect(told.late, second.out).toBeUndefined()
      expect(told.resumed.why.length).toBeGreaterThan(10)
      expect(told.status.state).toMatch(/^running/)
      expect(told.found).toBe(1)
      expect(told.incidents.filter((status: string) => status === 'open')).toEqual([])
      expect(told.hotfixes.filter((status: string) => status === 'probation')).toEqual([])
      expect(told.healedBy).not.toContain('person')
      expect(told.playbooks).toEqual([{ trust: 'trusted', successes: 1 }])
      // The user's file is as the user left it; the fix is in the hotfix.
      expect(readFileSync(join(folder, 'kernel.ts'), 'utf8')).toContain('inclodes')
      expect(leftOvers(join(folder, '.lazaret'))).toEqual([])
      expect(leftOvers(join(folder, '.quarantine'))).toEqual([])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
  90_000,
)
