/** A runtime over kernels written to a temporary folder, with times short enough to watch the whole ladder. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createRuntime,
  type EventType,
  type KernelInput,
  type LazaretEvent,
  type Runtime,
  type RuntimeOptions,
} from '../../src/index.ts'

export const notesKernel = `import { defineKernel } from 'lazaret/kernel'

export default defineKernel({
  async start(ctx) {
    const notes = new Map(ctx.restored ?? [])
    if (typeof ctx.config.prefix !== 'string') throw new Error('config.prefix must be a text')
    for (const text of notes.values()) text.toUpperCase()
    ctx.bus.on('event.incident', (incident) => ctx.log.info('incident', incident))
    return {
      api: {
        put(id, text) {
          notes.set(id, text)
          return notes.size
        },
        find(query) {
          ctx.log.info('find', { query })
          return [...notes.values()].filter((text) => text.includes(query)).length
        },
        size: () => notes.size,
      },
      snapshot: () => [...notes],
    }
  },
})
`

export const notesCheck = `import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async (kernel) => {
  await kernel.ask.put('a', 'alpha')
  if ((await kernel.ask.find('lph')) !== 1) throw new Error('find lost a note')
})
`

export interface Ladder extends AsyncDisposable {
  readonly folder: string
  readonly runtime: Runtime
  readonly events: LazaretEvent[]
  /** Resolves with the first event of this type from now on (or already seen, with \`seen\`), within the deadline. */
  until(type: EventType, options?: { kernel?: string; seen?: boolean; ms?: number }): Promise<LazaretEvent>
  types(kernel?: string): EventType[]
  edit(file: string, change: (text: string) => string): void
  /** Asks `notes` with arguments that differ each time, until an incident of it is opened; returns what came of each. */
  askUntilDown(method: string): Promise<string[]>
}

export interface LadderOptions extends Omit<RuntimeOptions, 'fleet' | 'dataDir' | 'quarantineDir' | 'playbooksDir'> {
  readonly kernels?: readonly (Partial<KernelInput> & { id: string })[]
  readonly files?: Readonly<Record<string, string>>
  /** Folder of an earlier ladder, to go on in. */
  readonly folder?: string
  /** Leave the folder for a later ladder. */
  readonly keep?: boolean
}

/**
 * The first crash opens the incident. With a budget the crashes have to follow one another within `stableMs`, which a busy
 * machine does not grant; where the budget is the subject a test says so itself.
 */
export const fast = {
  restart: { max: 0, stableMs: 400, backoffMs: 10, backoffMaxMs: 20 },
  heartbeat: { timeoutMs: 1000 },
  snapshot: { everyMs: 150 },
} as const

export async function climb(options: LadderOptions = {}): Promise<Ladder> {
  const { kernels, files, folder: given, keep, ...rest } = options
  const folder = given ?? mkdtempSync(join(tmpdir(), 'lazaret-ladder-'))
  if (given === undefined) {
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    const all = files ?? { 'kernel.ts': notesKernel, 'check.ts': notesCheck }
    for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text)
  }
  const fleet = {
    kernels: (kernels ?? [{ id: 'notes' }]).map((kernel) => ({
      ...{ config: { prefix: 'n' }, ...fast, ...kernel },
      entry: join(folder, kernel.entry ?? 'kernel.ts'),
    })),
  }
  const runtime = createRuntime({
    ...{ log: false, ...rest, fleet, dataDir: join(folder, '.lazaret'), quarantineDir: join(folder, '.quarantine') },
    playbooksDir: join(folder, 'playbooks'),
  })
  const events: LazaretEvent[] = []
  runtime.on('event', (event) => events.push(event))
  await runtime.start()
  const matches = (event: LazaretEvent, type: EventType, kernel: string | undefined) =>
    event.type === type && (kernel === undefined || event.kernel === kernel)
  return {
    ...{ folder, runtime, events },
    until(type, { kernel, seen = false, ms = 60_000 } = {}) {
      const there = seen ? events.find((event) => matches(event, type, kernel)) : undefined
      if (there !== undefined) return Promise.resolve(there)
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          off()
          reject(new Error(`no ${type} within ${ms} ms; seen: ${events.map((event) => event.type).join(' ')}`))
        }, ms)
        const off = runtime.on('event', (event) => {
          if (!matches(event, type, kernel)) return
          clearTimeout(timer)
          off()
          resolve(event)
        })
      })
    },
    types: (kernel) =>
      events.filter((event) => kernel === undefined || event.kernel === kernel).map(({ type }) => type),
    edit(file, change) {
      const path = join(folder, file)
      writeFileSync(path, change(readFileSync(path, 'utf8')))
    },
    async askUntilDown(method) {
      const ref = runtime.ref('notes').with({ deadlineMs: 400 })
      const codes: string[] = []
      const endsAt = Date.now() + 40_000
      const from = events.length
      const isDown = () =>
        runtime.kernel('notes').status().incident !== undefined ||
        events.slice(from).some(({ type, kernel }) => type === 'incident.opened' && kernel === 'notes')
      for (let turn = 0; Date.now() < endsAt; turn++) {
        const code = await ref.ask[method]?.(`query ${turn}`).then(
          () => 'OK',
          (error: { code: string }) => error.code,
        )
        codes.push(code ?? 'NO_METHOD')
        if (isDown()) return codes
      }
      throw new Error(`notes is still in service: ${codes.join(' ')}`)
    },
    async [Symbol.asyncDispose]() {
      await runtime.stop()
      if (keep !== true) rmSync(folder, { recursive: true, force: true })
    },
  }
}

export const misspell = (text: string) => text.replace('text.includes(query)', 'text.inclodes(query)')
