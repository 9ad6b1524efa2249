/**
 * A real runtime for a test: real threads, in a temporary folder that goes when the test ends. It fakes nothing; time
 * can be shortened in the fleet (`restart.stableMs`, `restart.backoffMs`).
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LazaretEvent } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import { createRuntime, type Runtime } from '../runtime.ts'
import type { RuntimeOptions } from '../runtime-options.ts'

export type TestRuntimeOptions = Omit<RuntimeOptions, 'dataDir' | 'quarantineDir' | 'playbooksDir'>

export interface TestRuntime extends AsyncDisposable {
  /** Started. */
  readonly runtime: Runtime
  /** Temporary; `data`, `quarantine` and `playbooks` lie in it. */
  readonly folder: string
  /** Everything that has happened since before the start, oldest first. */
  readonly events: readonly LazaretEvent[]
  /** Stops the runtime and removes the folder. Safe to call twice. */
  stop(): Promise<void>
}

/**
 * Starts a runtime that leaves nothing behind. It logs nothing by default, and its control socket is closed.
 *
 * @example
 * await using house = await createTestRuntime({ fleet: { kernels: [{ id: 'notes', entry: './notes.ts' }] } })
 * await house.runtime.ref('notes').ask.add('x')
 * await eventually(house, (event) => event.type === 'kernel.recovered')
 *
 * @throws what createRuntime and start() throw; the folder is gone then, too.
 */
export async function createTestRuntime(options: TestRuntimeOptions): Promise<TestRuntime> {
  const folder = await mkdtemp(join(tmpdir(), 'lazaret-test-'))
  const events: LazaretEvent[] = []
  let runtime: Runtime | undefined
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= (runtime?.stop() ?? Promise.resolve()).finally(() => rm(folder, { recursive: true, force: true }))
    return stopping
  }
  try {
    runtime = createRuntime({
      ...{ log: false, control: false, ...options },
      ...{ dataDir: join(folder, 'data'), quarantineDir: join(folder, 'quarantine') },
      playbooksDir: join(folder, 'playbooks'),
    })
    runtime.on('event', (event) => events.push(event))
    await runtime.start()
    return { runtime, folder, events, stop, [Symbol.asyncDispose]: stop }
  } catch (thrown) {
    await stop()
    throw thrown
  }
}

/**
 * Resolves with the first event that satisfies the test: one that has happened already, or one that is still to come.
 *
 * @param deadlineMs in real time. Default 10,000.
 * @throws Error naming the last events, when the deadline has passed.
 */
export async function eventually(
  { runtime, events }: Pick<TestRuntime, 'runtime' | 'events'>,
  test: (event: LazaretEvent) => boolean,
  deadlineMs = 10_000,
): Promise<LazaretEvent> {
  const known = events.find(test)
  if (known !== undefined) return known
  return new Promise((resolve, reject) => {
    const off = runtime.on('event', (event) => {
      if (!matches(event)) return
      clearTimeout(timer)
      off()
      resolve(event)
    })
    const timer = setTimeout(
      () => {
        off()
        const last = events.slice(-10).map(({ type, kernel }) => (kernel === undefined ? type : `${type} ${kernel}`))
        reject(new Error(`No such event in ${deadlineMs} ms. The last ones: ${last.join(', ') || 'none'}.`))
      },
      Math.min(deadlineMs, limits.timerMs),
    )
    // What the test itself throws is the waiter's to hear, and not the runtime's.
    const matches = (event: LazaretEvent): boolean => {
      try {
        return test(event)
      } catch (thrown) {
        clearTimeout(timer)
        off()
        reject(thrown as Error)
        return false
      }
    }
  })
}
