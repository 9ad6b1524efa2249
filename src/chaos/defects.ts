/**
 * What the stress run does to the fleet, written before it runs: each defect, how it is let loose, and the way in which it
 * is expected to heal. A way that is not the expected one is reported as such.
 */
import type { Edit } from './edit.ts'
import type { Field, Judge } from './field.ts'
import type { Ending, Wave } from './report.ts'
import * as scenes from './scenes.ts'
import { configures, corruptsState, deploys, insists } from './slips.ts'
import type { Script, Setting } from './stage.ts'

export interface Defect {
  readonly name: string
  readonly kernel: string
  readonly wave: Wave
  readonly expected: Ending | `${Ending} and ${Ending}`
  /** In the code from the first boot on, so that no golden snapshot is without it. */
  readonly fromBoot?: Edit
  /** In the code too, and asleep: the kernel is well until a message wakes it. */
  readonly asleep?: Edit
  /** What is different for this kernel all the time. */
  readonly set?: Setting['set']
  /** Nothing else goes on meanwhile. */
  readonly alone?: true
  /** Wave 3: name of the row of wave 1 whose failure comes back. */
  readonly again?: string
  /** Lets it loose. Returns how its end is judged; by default by how the kernel's failure ends. */
  inject(field: Field): Promise<Judge | void>
}

export const defects: readonly Defect[] = [
  {
    ...{ name: 'poison message', kernel: 'memory_fusion', wave: 1, expected: 'parked message' },
    // A text that begins with # but has no word after it: match() is null.
    asleep: {
      ...{ kernel: 'memory_fusion', find: 'const at = ctx.now()' },
      replace: "if (text.startsWith('#')) tags = [...tags, text.match(/^#(\\w+)/)[1]]\n      const at = ctx.now()",
    },
    inject: insists('memory_fusion', 'remember', 'shopping', '# shopping'),
  },
  {
    ...{ name: 'hang on one input', kernel: 'coding_agent', wave: 1, expected: 'parked message' },
    // Nested quantifiers: the time doubles with every letter before the character that does not fit.
    asleep: {
      ...{ kernel: 'coding_agent', find: "needText(worker, 'worker')" },
      replace:
        "needText(worker, 'worker')\n          if (/^([a-z]+-?)+$/.test(worker)) ctx.log.debug('a plain name', { worker })",
    },
    inject: insists('coding_agent', 'claim', `${'a'.repeat(40)}!`),
  },
  {
    ...{ name: 'regression in code', kernel: 'memory_fusion', wave: 1, expected: 'code' },
    inject: deploys({ kernel: 'memory_fusion', find: 'memory.put(note)\n', replace: 'memory.puts(note)\n' }),
  },
  {
    ...{ name: 'regression in a tier 1 kernel', kernel: 'message_bus', wave: 1, expected: 'restore' },
    inject: deploys({ kernel: 'message_bus', find: 'subscribers?.size ?? 0', replace: 'subscribers.size' }),
  },
  {
    ...{ name: 'bad config value', kernel: 'scheduler', wave: 1, expected: 'config' },
    inject: configures('scheduler', (text) => text.replace('everyMs: 10000', 'everyMs: -10')),
  },
  {
    ...{ name: 'corrupted state', kernel: 'coding_agent', wave: 1, expected: 'state' },
    inject: corruptsState('coding_agent', () => [{ task: 'lost', status: 'nowhere', priority: 'high' }]),
  },
  {
    ...{ name: 'event loop blocked', kernel: 'scheduler', wave: 2, expected: 'restart' },
    inject: scenes.loopBlocked('scheduler'),
  },
  {
    ...{ name: 'thread killed', kernel: 'coding_agent', wave: 2, expected: 'restart' },
    inject: scenes.threadKilled('coding_agent'),
  },
  {
    ...{ name: '5,000 messages at once', kernel: 'message_bus', wave: 2, expected: 'withstood' },
    inject: scenes.topicFlooded('message_bus', 5000),
  },
  {
    ...{ name: '200 forged publishes', kernel: 'message_bus', wave: 2, expected: 'refused' },
    inject: scenes.forbiddenPublishes('message_bus', 200),
  },
  {
    ...{ name: 'memory leaked', kernel: 'coding_agent', wave: 2, expected: 'restart' },
    set: { limits: { heapMb: 64 } },
    inject: scenes.memoryLeaked('coding_agent'),
  },
  {
    ...{ name: 'snapshot damaged', kernel: 'memory_fusion', wave: 2, expected: 'restart' },
    inject: scenes.snapshotDamaged('memory_fusion'),
  },
  {
    ...{ name: 'config drifted', kernel: 'memory_fusion', wave: 2, expected: 'restart' },
    inject: scenes.configDrifted('memory_fusion', (text) => text.replace('maxNotes: 100000', 'maxNotes: none')),
  },
  {
    ...{ name: 'heartbeat stalled', kernel: 'scheduler', wave: 2, expected: 'restart' },
    inject: scenes.heartbeatStalled('scheduler'),
  },
  {
    ...{ name: 'log entries damaged', kernel: 'immutable_log', wave: 2, expected: 'break stated' },
    inject: scenes.logDamaged('immutable_log'),
  },
  {
    ...{ name: 'CPU saturated', kernel: 'message_bus', wave: 2, alone: true, expected: 'withstood' },
    inject: scenes.cpuSaturated(4000),
  },
  {
    ...{ name: 'five at once', kernel: 'message_bus', wave: 2, alone: true, expected: 'restart' },
    inject: scenes.severalAtOnce(
      ['message_bus', 'immutable_log', 'coding_agent'],
      ['memory_fusion', 'scheduler'],
      'immutable_log',
    ),
  },
  {
    ...{
      name: 'the regression, other lines changed',
      kernel: 'memory_fusion',
      wave: 3,
      expected: 'playbook',
      again: 'regression in code',
    },
    inject: async (field) => {
      const { editFile } = await import('./disk-faults.ts')
      editFile(field.stage.fleetFile, (text) => text.replace('maxNotes: none', 'maxNotes: 100000'))
      await deploys(
        {
          kernel: 'memory_fusion',
          find: "ctx.ref('message_bus').tell.publish?.('memory.remembered', {",
          replace: "ctx.ref('message_bus').tell.publish?.(`memory.remembered`, {",
        },
        { kernel: 'memory_fusion', find: 'class Memory {', replace: '/** All notes. */\nclass Memory {' },
      )(field)
    },
  },
]

export const script: Script = {
  plants: defects.flatMap(({ fromBoot, asleep }) => [fromBoot, asleep].filter((edit) => edit !== undefined)),
  settings: defects.flatMap(({ kernel, set }) => (set === undefined ? [] : [{ kernel, set }])),
}
