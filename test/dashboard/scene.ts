/**
 * A fleet to be looked at: one kernel that heals by itself, one whose repairs wait for a person, one that runs a state
 * machine of its own, and one that refuses what it is sent. Its dashboard is served; everything is gone at the end.
 */
import { fileURLToPath } from 'node:url'
import type { DashboardServer } from '../../src/index.ts'
import { house, kernelOf, type TestHouse } from '../support/house.ts'

/** Its find() was never right, so nothing golden mends it: a patch does. */
const notes = kernelOf(`    const notes = new Map<string, string>(ctx.restored as [string, string][] ?? [])
    ctx.log.info('ready to take notes')
    return {
      api: {
        put: (id, text) => { notes.set(id, text); return notes.size },
        find: (query) => {
          ctx.log.info('find', { query })
          return [...notes.values()].filter((text) => text.inclodes(query)).length
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
  /** Asks what the kernel cannot do, and resolves with the id of its incident. */
  fail(kernel: 'notes' | 'asking'): Promise<string>
}

export async function scene(): Promise<Scene> {
  const inner = await house([
    { id: 'notes', tier: 2, source: notes, ...fast },
    { id: 'asking', tier: 3, dependsOn: ['notes'], source: notes, ...fast, repair: { autonomy: 'suggest' } },
    { id: 'lights', tier: 4, source: lights, ...fast },
    { id: 'shut', tier: 5, source: notes, ...fast, degraded: { mode: 'reject' } },
  ])
  const dashboard = await inner.runtime.serveDashboard()
  return {
    ...{ house: inner, dashboard },
    async fail(kernel) {
      const ref = inner.runtime.ref(kernel)
      await ref.ask.put?.('a', 'alpha')
      const opened = inner.seen((event) => event.type === 'incident.opened' && event.kernel === kernel)
      const refused = await ref.ask.find?.('alp').catch((error: { code: string }) => error.code)
      if (refused !== 'KERNEL_DOWN') throw new Error(`find() was to bring ${kernel} down. Got: ${String(refused)}`)
      return String((await opened).incident)
    },
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  }
}
