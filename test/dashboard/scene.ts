/**
 * A fleet to be looked at: one kernel that heals by itself, one whose repairs wait for a person, one that runs a state
 * machine of its own, and one that refuses what it is sent. Its dashboard is served; everything is gone at the end.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DashboardServer } from '../../src/index.ts'
import { house, kernelOf, type TestHouse } from '../support/house.ts'

const notes = kernelOf(`    const notes = new Map(ctx.restored ?? [])
    ctx.log.info('ready to take notes')
    return {
      api: {
        put: (id, text) => { notes.set(id, text); return notes.size },
        find: (query) => {
          ctx.log.info('find', { query })
          return [...notes.values()].filter((text) => text.includes(query)).length
        },
      },
      snapshot: () => [...notes],
    }`)

const lights = kernelOf(
  `    const machine = createMachine({
      id: 'lights', initial: 'red', context: { changes: 0 },
      states: { red: { on: { GO: 'green' } }, green: { on: { STOP: 'red' } } },
    })
    const actor = createActor(machine, { inspect: ctx.inspect }).start()
    return { api: { send: (type) => { actor.send({ type }); return actor.getSnapshot().value } } }`,
  `import { createActor, createMachine } from ${JSON.stringify(fileURLToPath(import.meta.resolve('xstate')))}`,
)

/** Times short enough to watch the whole ladder. */
const fast = {
  restart: { max: 0, stableMs: 400, backoffMs: 10, backoffMaxMs: 20 },
  heartbeat: { timeoutMs: 1000 },
  snapshot: { everyMs: 150 },
} as const

export interface Scene extends AsyncDisposable {
  readonly house: TestHouse
  readonly dashboard: DashboardServer
  /** Breaks the kernel's code, loads it, and asks until an incident is open; resolves with the incident's id. */
  breakNotes(kernel: 'notes' | 'asking'): Promise<string>
}

export async function scene(): Promise<Scene> {
  const inner = await house([
    { id: 'notes', tier: 1, source: notes, ...fast },
    { id: 'asking', tier: 2, dependsOn: ['notes'], source: notes, ...fast, repair: { autonomy: 'suggest' } },
    { id: 'lights', tier: 3, source: lights, ...fast },
    { id: 'shut', tier: 5, source: notes, ...fast, degraded: { mode: 'reject' } },
  ])
  const dashboard = await inner.runtime.serveDashboard()
  return {
    ...{ house: inner, dashboard },
    async breakNotes(kernel) {
      const { runtime, folder } = inner
      const ref = runtime.ref(kernel)
      await ref.ask.put?.('a', 'alpha')
      await ref.ask.find?.('alp')
      await inner.seen((event) => event.type === 'snapshot.golden' && event.kernel === kernel)
      const path = join(folder, kernel, 'kernel.ts')
      writeFileSync(path, readFileSync(path, 'utf8').replace('text.includes(', 'text.inclodes('))
      await runtime.kernel(kernel).restart()
      const opened = inner.seen((event) => event.type === 'incident.opened' && event.kernel === kernel)
      for (let turn = 0; runtime.kernel(kernel).status().incident === undefined && turn < 50; turn += 1) {
        await ref
          .with({ deadlineMs: 1000 })
          .ask.find?.(`query ${turn}`)
          .catch((error: { code: string }) => error.code)
      }
      return String((await opened).incident)
    },
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  }
}
