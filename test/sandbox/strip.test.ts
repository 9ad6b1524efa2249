import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { strippedFlags } from '../../sandbox/strip.ts'
import { Bench } from './bench.ts'

const bench = new Bench()
afterAll(() => bench.remove())

test('what a process that waits may be reading is written whole, and once', () => {
  const { folder } = bench.job(bench.kernel('return { api: {} }'))
  const flags = strippedFlags(folder)
  const file = join(folder, 'stripped.json')
  const { ino, mtimeNs } = statSync(file, { bigint: true })
  expect(Object.keys(JSON.parse(readFileSync(file, 'utf8'))).length).toBeGreaterThan(5)
  // As the trial does that takes the process.
  expect(strippedFlags(folder)).toEqual(flags)
  expect(statSync(file, { bigint: true })).toMatchObject({ ino, mtimeNs })
  expect(readdirSync(folder)).toEqual(['stripped.json'])
})
