/**
 * What the stress run does to the fleet, written before it runs: each defect, how it is let loose, and the way in which it
 * is expected to heal. A way that is not the expected one is reported as such.
 */
import type { HealedBy } from '../base/remedy.ts'
import type { Runtime } from '../runtime.ts'
import { corruptSnapshot, editFile, evaluateInThread, killThread } from './faults.ts'
import type { Stage } from './stage.ts'

export interface Field {
  readonly runtime: Runtime
  readonly stage: Stage
  /** Resolves when the kernel has crashed once more; called before the fault that brings it about. */
  crashed(kernel: string, then?: () => void): Promise<void>
}

export interface Defect {
  readonly name: string
  readonly kernel: string
  readonly wave: 1 | 2
  readonly expected: HealedBy | 'parked'
  inject(field: Field): Promise<void>
}

/** A defect that is in the code from the first boot on, so that no golden snapshot is without it. */
export interface Plant {
  readonly kernel: string
  readonly find: string
  readonly replace: string
}

export const plants: readonly Plant[] = [
  {
    // A text that begins with # but has no word after it: match() is null.
    kernel: 'memory_fusion',
    find: 'const at = ctx.now()',
    replace: "if (text.startsWith('#')) tags = [...tags, text.match(/^#(\\w+)/)[1]]\n      const at = ctx.now()",
  },
  {
    // Nested quantifiers: the time doubles with every letter before the character that does not fit.
    kernel: 'coding_agent',
    find: "needText(worker, 'worker')",
    replace:
      "needText(worker, 'worker')\n          if (/^([a-z]+-?)+$/.test(worker)) ctx.log.debug('a plain name', { worker })",
  },
]

export const unmendable = {
  kernel: 'greeter',
  source: `import greeting from 'a-package-that-nobody-installed'
import { defineKernel } from 'lazaret/kernel'

export default defineKernel({ start: () => ({ api: { greet: () => greeting() } }) })
`,
} as const

const poison = '# shopping'
const slowName = `${'a'.repeat(40)}!`

async function restart({ runtime }: Field, kernel: string): Promise<void> {
  await runtime.kernel(kernel).restart()
}

export const defects: readonly Defect[] = [
  {
    ...{ name: 'thread killed from outside', kernel: 'scheduler', wave: 1, expected: 'restart' },
    inject: ({ runtime }) => killThread(runtime, 'scheduler'),
  },
  {
    ...{ name: 'exit without a goodbye', kernel: 'immutable_log', wave: 1, expected: 'restart' },
    inject: ({ runtime }) => evaluateInThread(runtime, 'immutable_log', 'process.exit(0)'),
  },
  {
    ...{ name: 'poison message', kernel: 'memory_fusion', wave: 1, expected: 'parked message' },
    inject: (field) => sendUntilParked(field, 'memory_fusion', (ask) => ask.remember?.('shopping', poison)),
  },
  {
    ...{ name: 'hang on one input', kernel: 'coding_agent', wave: 1, expected: 'parked message' },
    inject: (field) => sendUntilParked(field, 'coding_agent', (ask) => ask.claim?.(slowName)),
  },
  {
    ...{ name: 'regression in code', kernel: 'memory_fusion', wave: 1, expected: 'code' },
    async inject(field) {
      editFile(field.stage.source('memory_fusion'), (text) => text.replace('memory.put(note)', 'memory.puts(note)'))
      await restart(field, 'memory_fusion')
    },
  },
  {
    ...{ name: 'regression in a tier 1 kernel', kernel: 'message_bus', wave: 1, expected: 'restore' },
    async inject(field) {
      editFile(field.stage.source('message_bus'), (text) => text.replace('subscribers?.size ?? 0', 'subscribers.size'))
      await restart(field, 'message_bus')
    },
  },
  {
    ...{ name: 'bad config value', kernel: 'scheduler', wave: 1, expected: 'config' },
    async inject(field) {
      const failed = field.crashed('scheduler')
      editFile(field.stage.fleetFile, (text) => text.replace('everyMs: 10000', 'everyMs: -10'))
      // The restart itself goes on until the kernel has settled, which is what the row waits for.
      await Promise.race([restart(field, 'scheduler'), failed])
    },
  },
  {
    ...{ name: 'corrupted state', kernel: 'coding_agent', wave: 1, expected: 'state' },
    async inject(field) {
      const { runtime } = field
      const lost = [{ task: 'lost', status: 'nowhere', priority: 'high' }]
      // Between the crash and the restart, so that no good snapshot is newer.
      const crashed = field.crashed('coding_agent', () => corruptSnapshot(runtime.dataDir, 'coding_agent', () => lost))
      await killThread(runtime, 'coding_agent')
      await crashed
    },
  },
  {
    ...{ name: 'package that is not installed', kernel: unmendable.kernel, wave: 1, expected: 'parked' },
    // It is there from the first boot.
    inject: async () => undefined,
  },
  {
    ...{ name: 'the regression, other lines changed', kernel: 'memory_fusion', wave: 2, expected: 'playbook' },
    async inject(field) {
      // Lines near the bad one and far from it: the patch that healed it last time must still find its place.
      editFile(field.stage.source('memory_fusion'), (text) =>
        text.replace(
          "ctx.ref('message_bus').tell.publish?.('memory.remembered', {",
          "ctx.ref('message_bus').tell.publish?.(`memory.remembered`, {",
        ),
      )
      editFile(field.stage.source('memory_fusion'), (text) =>
        text.replace('class Memory {', '/** All notes. */\nclass Memory {'),
      )
      await restart(field, 'memory_fusion')
    },
  },
]

type Asks = Record<string, ((...args: unknown[]) => Promise<unknown>) | undefined>

/** The same message again and again, as a caller that retries would send it. */
async function sendUntilParked({ runtime }: Field, kernel: string, send: (ask: Asks) => Promise<unknown> | undefined) {
  const ask = runtime.ref(kernel).with({ deadlineMs: 10_000 }).ask as Asks
  for (let tries = 0; tries < 5; tries++) {
    const code = await Promise.resolve(send(ask)).then(
      () => 'OK',
      (error: { code?: string }) => error.code,
    )
    if (code === 'MESSAGE_POISONED') return
  }
}
