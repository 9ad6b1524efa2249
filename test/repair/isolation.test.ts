/** A bubblewrap that is installed and does not work, as in a container without user namespaces; and what follows from it. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { examine } from '../../src/cli/doctor.ts'
import { bubblewrapHere } from '../../src/repair/bubblewrap.ts'
import { isolationHere, permissionHere } from '../../src/repair/trial.ts'
import { climb, fast, misspell } from '../five-steps/ladder.ts'

const folder = mkdtempSync(join(tmpdir(), 'lazaret-bwrap-'))
const fake = join(folder, 'bwrap')
writeFileSync(fake, '#!/bin/sh\necho "bwrap: No permissions to create new namespace" >&2\nexit 1\n')
chmodSync(fake, 0o755)
const path = process.env.PATH
process.env.PATH = [folder, path].join(delimiter)
afterAll(() => {
  process.env.PATH = path
  rmSync(folder, { recursive: true })
})

test.runIf(process.platform === 'linux')(
  'a bubblewrap that does not work is found out, and the reason can be read',
  async () => {
    const reason = `${fake} does not work here: bwrap: No permissions to create new namespace`
    expect(bubblewrapHere()).toEqual({ installed: true, why: reason })
    expect(bubblewrapHere()).toBe(bubblewrapHere())
    expect(isolationHere()).toBe(permissionHere())
    const check = (await examine(folder)).find(({ name }) => name === 'bubblewrap')
    expect(check).toMatchObject({ level: 'warn', found: `${reason}; candidates run at level ${permissionHere()}` })
    expect(check?.advice).toContain('user namespaces')
  },
)

test('a repair proved in less isolation than its kernel asks for waits for a person, who may say yes', async () => {
  await using ladder = await climb({ kernels: [{ id: 'notes', ...fast, repair: { isolation: 'bwrap+permission' } }] })
  await ladder.runtime.ref('notes').ask.put?.('a', 'alpha')
  await ladder.until('snapshot.golden')
  ladder.edit('kernel.ts', misspell)
  await ladder.runtime.kernel('notes').restart()
  const parked = ladder.until('kernel.parked')
  await ladder.askUntilDown('find')
  const { why } = await parked
  const [task] = ladder.runtime.journal.tasks({ status: 'open' })
  expect(why).toContain(`proved in ${permissionHere()} isolation, the kernel asks for bwrap+permission`)
  expect(why).toContain('lazaret approve')
  expect(ladder.types()).not.toContain('hotfix.applied')
  await ladder.runtime.approve(task?.id ?? '')
  expect((await ladder.until('kernel.recovered', { seen: true })).healedBy).toBe('code')
})
