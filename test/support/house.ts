/** A runtime over kernels written to a temporary folder. Everything is stopped and removed at the end of the scope. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRuntime, type EventType, type KernelInput, type LazaretEvent, type Runtime } from '../../src/index.ts'
import type { RuntimeOptions } from '../../src/runtime-options.ts'

export interface TestHouse extends AsyncDisposable {
  readonly folder: string
  readonly runtime: Runtime
  readonly events: LazaretEvent[]
  /** The first event that satisfies the test, past ones included. */
  seen(test: (event: LazaretEvent) => boolean, ms?: number): Promise<LazaretEvent>
  of(type: EventType, kernel?: string): LazaretEvent[]
  /** Lines of a file that kernels append to; none where there is no file yet. */
  lines(file: string): string[]
}

export interface TestKernel extends Partial<Omit<KernelInput, 'entry'>> {
  readonly id: string
  /** Source text; `FOLDER` stands for the temporary folder. */
  readonly source: string
}

export interface HouseOptions extends Pick<RuntimeOptions, 'integrityEveryMs'> {
  /** False: the caller starts the runtime. Default true. */
  readonly start?: boolean
  /** The fleet is read from `fleet.yaml` in the folder, so that a test can edit it. Default: handed in as an object. */
  readonly fleetFile?: boolean
}

export async function house(kernels: readonly TestKernel[], options: HouseOptions = {}): Promise<TestHouse> {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-house-'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const fleet = {
    kernels: kernels.map(({ source, ...kernel }) => {
      mkdirSync(join(folder, kernel.id))
      const entry = join(folder, kernel.id, 'kernel.ts')
      writeFileSync(entry, source.replaceAll('FOLDER', folder))
      return { entry, ...kernel }
    }),
  }
  const { start, fleetFile, ...rest } = options
  // JSON is YAML; one key a line, as a person edits it.
  if (fleetFile === true) writeFileSync(join(folder, 'fleet.yaml'), JSON.stringify(fleet, null, 2))
  const runtime = createRuntime({
    ...{ ...rest, fleet: fleetFile === true ? join(folder, 'fleet.yaml') : fleet, log: false },
    ...{ dataDir: join(folder, 'data'), quarantineDir: join(folder, 'quarantine') },
    playbooksDir: join(folder, 'playbooks'),
  })
  const events: LazaretEvent[] = []
  runtime.on('event', (event) => events.push(event))
  if (start !== false) await runtime.start()
  return {
    ...{ folder, runtime, events },
    seen(test, ms = 20_000) {
      const there = events.find(test)
      if (there !== undefined) return Promise.resolve(there)
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          off()
          reject(new Error(`not seen within ${ms} ms, but: ${events.map(({ type }) => type).join(' ')}`))
        }, ms)
        const off = runtime.on('event', (event) => {
          if (!test(event)) return
          clearTimeout(timer)
          off()
          resolve(event)
        })
      })
    },
    of: (type, kernel) => events.filter((event) => event.type === type && (kernel ?? event.kernel) === event.kernel),
    lines(file) {
      try {
        return readFileSync(join(folder, file), 'utf8')
          .split('\n')
          .filter((line) => line !== '')
      } catch {
        // Nobody has written to it.
        return []
      }
    },
    async [Symbol.asyncDispose]() {
      await runtime.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A kernel from the body of its start(); `append(file, line)` writes to a file of the test's folder. */
export function kernelOf(body: string, before = ''): string {
  return `import { appendFileSync } from 'node:fs'
import { defineKernel } from 'lazaret/kernel'
${before}
const append = (file, line) => appendFileSync('FOLDER/' + file, line + '\\n')
export default defineKernel({
  async start(ctx) {
${body}
  },
})
`
}

export const fast = { backoffMs: 5, backoffMaxMs: 20, jitter: 0 } as const
