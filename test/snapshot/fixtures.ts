/** A store in a folder of its own, a clock that a test turns, and the events that came out. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { EventStream, type LazaretEvent } from '../../src/base/events.ts'
import { GoldenStore } from '../../src/snapshot/golden.ts'
import { SnapshotStore } from '../../src/snapshot/store.ts'

export const meta = { codeSha256: 'c'.repeat(64), configSha256: 'd'.repeat(64) }

export async function makeStore() {
  const root = await mkdtemp(join(tmpdir(), 'lazaret-snapshot-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const time = { now: Date.UTC(2026, 10, 24) }
  const clock: Clock = { ...systemClock, now: () => time.now }
  const stream = new EventStream(clock)
  const events: LazaretEvent[] = []
  stream.on((event) => events.push(event))
  const open = () => new SnapshotStore(root, clock, stream.emit)
  const store = open()
  return { root, time, events, store, golden: new GoldenStore(store), open }
}
