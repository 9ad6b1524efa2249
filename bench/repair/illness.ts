/**
 * A case of the corpus made to fail in service: a real runtime runs the golden kernel until it has a golden snapshot,
 * then another one runs the broken kernel, over the same data folder, until its incident. What a repair works on is what
 * these two wrote to the disk. Nothing is repaired here: the kernel's autonomy is `observe`.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { serialize } from 'node:v8'
import { systemClock } from '../../src/base/clock.ts'
import { EventStream } from '../../src/base/events.ts'
import type { Evidence, Golden } from '../../src/base/remedy.ts'
import type { KernelSpec } from '../../src/base/spec.ts'
import { readEvidence } from '../../src/diagnostics/replay.ts'
import { createRuntime, type KernelInput, type LazaretEvent, type Runtime } from '../../src/index.ts'
import { GoldenStore } from '../../src/snapshot/golden.ts'
import { SnapshotStore } from '../../src/snapshot/store.ts'
import type { BugCall, BugCase, Sources } from '../../test/repair/bugs/cases.ts'

const id = 'patient'
/** Longest that is waited for the golden snapshot, and for the incident. Milliseconds. */
const waitMs = 30_000
/** The golden kernel is steady at once, and its snapshots are never far away. Milliseconds. */
const goldenTimes = { stableMs: 150, everyMs: 60 }
/** A broken kernel that only fails after a while must not become golden before. Milliseconds. */
const brokenTimes = { stableMs: 600_000, everyMs: 600_000 }

export interface Illness {
  readonly evidence: Evidence
  readonly golden: Golden | undefined
  /** v8.serialize of the golden snapshot's state. */
  readonly goldenState: Uint8Array | undefined
  readonly spec: KernelSpec
  /** Of the runtimes; repairs have theirs in it as well. */
  readonly dataDir: string
  readonly kernelDataDir: string
}

/** @throws where the case did not fail in service as it must, with what happened instead. */
export async function fallIll(bug: BugCase, folder: string): Promise<Illness> {
  const dataDir = join(folder, '.lazaret')
  const store = new SnapshotStore(join(dataDir, 'snapshots'), systemClock, new EventStream(systemClock, 0).emit)
  if (bug.golden !== undefined) {
    if (bug.goldenState !== undefined) await startFrom(store, bug.goldenState.value)
    await runGolden(bug, bug.golden, folder)
  }
  // A case starts from the state that it names, or from none: not from what its golden run happened to leave.
  for (const name of await store.list(id)) await store.remove(id, name)
  if (bug.state !== undefined) await startFrom(store, bug.state.value)
  const { evidenceFolder, spec } = await runBroken(bug, folder)
  const goldens = new GoldenStore(store)
  return {
    ...{
      evidence: readEvidence(evidenceFolder, Date.now()),
      spec,
      dataDir,
      kernelDataDir: join(dataDir, 'kernels', id),
    },
    ...{ golden: await goldens.get(id), goldenState: await goldens.state(id) },
  }
}

async function startFrom(store: SnapshotStore, state: unknown): Promise<void> {
  await store.write(id, serialize(state), { codeSha256: 'before', configSha256: 'before' })
}

/** Traffic, and then a golden snapshot that has all of it. */
async function runGolden(bug: BugCase, sources: Sources, folder: string): Promise<void> {
  const { runtime, watch } = openRuntime(bug, folder, { sources, config: bug.goldenConfig, ...goldenTimes })
  try {
    await runtime.start()
    const failed = await sendAll(runtime, bug.traffic)
    if (watch.has('kernel.crashed')) throw new Error(`${bug.name}: the golden kernel crashed: ${failed.join('; ')}`)
    const from = watch.length
    const isWhole = (event: LazaretEvent, index: number) => {
      if (event.type !== 'snapshot.golden' || index < from) return false
      const { snapshot } = event
      if (snapshot === undefined) return true
      return watch.some((taken, at) => at >= from && taken.type === 'snapshot.taken' && taken.name === snapshot)
    }
    await watch.until(isWhole, `${bug.name}: no golden snapshot with all of its traffic`)
  } finally {
    await runtime.stop()
  }
}

async function runBroken(bug: BugCase, folder: string): Promise<{ evidenceFolder: string; spec: KernelSpec }> {
  const { runtime, watch } = openRuntime(bug, folder, { sources: bug.broken, config: bug.config, ...brokenTimes })
  try {
    await runtime.start()
    if (!watch.has('diagnostics.captured')) await sendAll(runtime, bug.failing)
    const isCaptured = (event: LazaretEvent) => event.type === 'diagnostics.captured'
    const captured = await watch.until(isCaptured, `${bug.name}: no incident in service`)
    if (typeof captured.folder !== 'string') throw new Error(`${bug.name}: its evidence was not written`)
    const [spec] = runtime.fleet.kernels
    if (spec === undefined) throw new Error(`${bug.name}: its fleet is empty`)
    return { evidenceFolder: captured.folder, spec }
  } finally {
    await runtime.stop()
  }
}

interface Ran {
  readonly sources: Sources
  readonly config: Readonly<Record<string, unknown>>
  readonly stableMs: number
  readonly everyMs: number
}

function openRuntime(bug: BugCase, folder: string, { sources, config, stableMs, everyMs }: Ran) {
  const kernelFolder = join(folder, 'kernel')
  rmSync(kernelFolder, { recursive: true, force: true })
  writeAll(kernelFolder, { ...sources, 'check.ts': bug.check })
  const kernel: KernelInput = {
    ...{ id, entry: join(kernelFolder, bug.entry), config: { ...config } },
    // The first crash is an incident: what a repair is shown does not depend on how often a kernel may restart.
    restart: { max: 0, stableMs, backoffMs: 0, backoffMaxMs: 0 },
    ...{ heartbeat: { timeoutMs: 1500 }, snapshot: { everyMs }, repair: { autonomy: 'observe', timeoutMs: 180_000 } },
  }
  const runtime = createRuntime({
    ...{ fleet: { kernels: [kernel] }, log: false, control: false, dataDir: join(folder, '.lazaret') },
    ...{ quarantineDir: join(folder, '.quarantine'), playbooksDir: join(folder, 'playbooks') },
  })
  return { runtime, watch: new Watch(runtime) }
}

export function writeAll(folder: string, files: Sources): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}

/** One after another; an error is an answer as well. Returns the errors in words. */
async function sendAll(runtime: Runtime, calls: readonly BugCall[]): Promise<string[]> {
  const ref = runtime.ref(id).with({ deadlineMs: 10_000 })
  const failed: string[] = []
  for (const { method, args } of calls) {
    try {
      await ref.ask[method]?.(...args)
    } catch (thrown) {
      failed.push(`${method}: ${(thrown as Error).message}`)
      // Nobody is there to answer any more; it would be asked in vain.
      if (runtime.status()[0]?.state.startsWith('quarantined') === true) break
    }
  }
  return failed
}

/** The events of a runtime from its beginning, and waiting for one with a deadline. */
class Watch {
  readonly #events: LazaretEvent[] = []
  readonly #runtime: Runtime

  constructor(runtime: Runtime) {
    this.#runtime = runtime
    runtime.on('event', (event) => this.#events.push(event))
  }

  get length(): number {
    return this.#events.length
  }

  some(test: (event: LazaretEvent, index: number) => boolean): boolean {
    return this.#events.some(test)
  }

  has(type: LazaretEvent['type']): boolean {
    return this.some((event) => event.type === type)
  }

  /** Of those seen already, and those to come. */
  async until(test: (event: LazaretEvent, index: number) => boolean, otherwise: string): Promise<LazaretEvent> {
    const seen = this.#events.find(test)
    if (seen !== undefined) return seen
    const { promise, resolve, reject } = Promise.withResolvers<LazaretEvent>()
    const last = () => [...new Set(this.#events.map(({ type }) => type))].slice(-8).join(', ')
    const timer = setTimeout(() => reject(new Error(`${otherwise} within ${waitMs} ms. Seen: ${last()}`)), waitMs)
    const off = this.#runtime.on('event', (event) => {
      if (test(event, this.#events.indexOf(event))) resolve(event)
    })
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      off()
    }
  }
}
