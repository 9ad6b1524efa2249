/** From healthy traffic to a proof that is held against it, through a whole runtime. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize } from 'node:v8'
import { expect, test } from 'vitest'
import type { ProofLine, RecordedMessage } from '../../src/base/remedy.ts'
import { readEvidence } from '../../src/diagnostics/replay.ts'
import { climb, misspell } from '../five-steps/ladder.ts'

const replyOf = ({ reply }: RecordedMessage) =>
  reply === undefined ? 'none' : 'value' in reply ? deserialize(reply.value) : reply.error.message

test('healthy traffic is kept with the golden record, comes with the evidence, and the proof is held against it', async () => {
  await using ladder = await climb()
  const notes = ladder.runtime.ref('notes')
  await ladder.until('snapshot.golden', { seen: true })
  await notes.ask.put?.('a', 'alpha')
  expect(await notes.ask.find?.('lph')).toBe(1)
  const file = join(ladder.folder, '.lazaret', 'snapshots', 'notes', 'golden.traffic')
  // The golden that follows has seen the traffic; one that was on its way may have missed it.
  for (let round = 0; round < 3 && !existsSync(file); round += 1) await ladder.until('snapshot.golden')
  expect(statSync(file).mode & 0o777).toBe(0o600)

  ladder.edit('kernel.ts', misspell)
  await ladder.runtime.kernel('notes').restart()
  const recovered = ladder.until('kernel.recovered', { ms: 60_000 })
  await ladder.askUntilDown('find')
  await ladder.until('diagnostics.captured', { seen: true })
  const folder = ladder.runtime.journal.incidents()[0]?.folder ?? ''
  const { holdOut } = readEvidence(folder, Date.now())
  expect(holdOut?.config).toEqual({ prefix: 'n' })
  expect(holdOut?.messages.map((message) => [message.method, replyOf(message)])).toEqual([
    ['put', 1],
    ['find', 1],
  ])

  await recovered
  const verified = ladder.events.find(({ type }) => type === 'repair.verified')
  const lines = verified?.lines as ProofLine[]
  expect(lines.find(({ name }) => name === 'hold-out')?.detail).toMatch(/2 of healthy traffic/)
})
