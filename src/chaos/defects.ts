/**
 * What the stress run does to the fleet, written before it runs: each defect, how it is let loose, and the way in which it
 * is expected to heal. A way that is not the expected one is reported as such.
 */
import type { Edit } from './edit.ts'
import type { Field, Judge } from './field.ts'
import type { Ending, Wave } from './report.ts'
import {
  configDrifted,
  cpuSaturated,
  forbiddenPublishes,
  heartbeatStalled,
  logDamaged,
  loopBlocked,
  memoryLeaked,
  severalAtOnce,
  snapshotDamaged,
  threadKilled,
  topicFlooded,
} from './scenes.ts'
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
  /**
   * Lets it loose; absent where it is loose from the first boot on. Returns how its end is judged, by default by how the
   * kernel's failure ends.
   */
  readonly inject?: (field: Field) => Promise<Judge | undefined>
}

const outbox = (find: string, replace: string): Edit => ({ kernel: 'outbox', file: 'outbox', find, replace })

export const defects: readonly Defect[] = [
  // Wave 1: lasting defects. No restart mends them.
  {
    ...{ name: 'missing import', kernel: 'outbox', wave: 1, expected: 'code' },
    fromBoot: outbox("import { randomUUID } from 'node:crypto'\n", ''),
  },
  {
    ...{ name: 'misspelt property', kernel: 'search', wave: 1, expected: 'code' },
    fromBoot: {
      kernel: 'search',
      file: 'library',
      find: 'this.#index.search(query)',
      replace: 'this.#index.serach(query)',
    },
  },
  {
    ...{ name: 'bad config value', kernel: 'scheduler', wave: 1, expected: 'config' },
    inject: configures('scheduler', (text) => text.replace('everyMs: 10000\n', 'everyMs: -10\n')),
  },
  {
    ...{ name: 'corrupted state', kernel: 'coding_agent', wave: 1, expected: 'state' },
    inject: corruptsState('coding_agent', () => [{ task: 'lost', status: 'nowhere', priority: 'high' }]),
  },
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
    ...{ name: 'hang on one input', kernel: 'imports', wave: 1, expected: 'parked message' },
    // Nested quantifiers: the time doubles with every letter before the character that does not fit.
    asleep: {
      ...{ kernel: 'imports', find: 'const { rows, refused } = read(text, options)\n          const startedAt' },
      replace: `if (/^([a-z]+-?)+$/.test(kind)) ctx.log.debug('a plain kind', { kind })
          const { rows, refused } = read(text, options)\n          const startedAt`,
    },
    inject: insists('imports', 'importCsv', `${'a'.repeat(40)}!`, 'id\n1\n', { id: 'id' }),
  },
  {
    ...{ name: 'exit on start', kernel: 'reports', wave: 1, expected: 'code' },
    inject: deploys({
      kernel: 'reports',
      find: 'let last = readState(',
      replace: 'process.exit(3)\n    let last = readState(',
    }),
  },
  {
    ...{ name: 'dependency that throws', kernel: 'templates', wave: 1, expected: 'code' },
    // A file that the kernel imports does not load any more.
    inject: deploys({
      ...{ kernel: 'templates', file: 'shelf', find: 'const limits = {' },
      replace:
        'if (limitsOfHouse.templates > 0) limitsOfHouse.templates += 1\nconst limitsOfHouse = {}\nconst limits = {',
    }),
  },
  {
    // Its fallback serves meanwhile.
    ...{ name: 'leak', kernel: 'rate_limits', wave: 1, expected: 'code' },
    set: { limits: { heapMb: 64 } },
    // A chain of closures, each with its own text: other shapes of the same take the whole process along (FACTS A5).
    inject: deploys({
      ...{
        kernel: 'rate_limits',
        find: 'needCost(cost, config.points)\n          const taken',
      },
      replace: `for (let n = 0; n < 32_768; n += 1) {
            const [text, before] = [String(n).padStart(1024, String(Math.random())), globalThis.kept]
            globalThis.kept = () => [text.charAt(n % 7), before]
          }
          needCost(cost, config.points)
          const taken`,
    }),
  },
  {
    ...{ name: 'unhandled rejection', kernel: 'immutable_log', wave: 1, expected: 'restore' },
    inject: deploys({
      ...{ kernel: 'immutable_log', find: 'head: (): Head => log.head,' },
      replace: `head: (): Head => {
          void Promise.reject(new Error('Nobody waits for this.'))
          return log.head
        },`,
    }),
  },
  {
    ...{ name: 'start that never ends', kernel: 'message_bus', wave: 1, expected: 'failover' },
    set: { limits: { startMs: 2500 } },
    inject: deploys({
      ...{ kernel: 'message_bus', find: '  start(ctx: KernelContext<BusState, BusConfig>) {\n' },
      replace: `  async start(ctx: KernelContext<BusState, BusConfig>) {\n    await new Promise(() => undefined)\n`,
    }),
  },
  // Wave 2: faults from outside, judged by callers, ledgers and files.
  {
    ...{ name: 'event loop blocked', kernel: 'records', wave: 2, expected: 'restart' },
    inject: loopBlocked('records'),
  },
  { ...{ name: 'thread killed', kernel: 'vault', wave: 2, expected: 'restart' }, inject: threadKilled('vault') },
  {
    ...{ name: '200 unauthorised publishes', kernel: 'message_bus', wave: 2, expected: 'refused' },
    inject: forbiddenPublishes('message_bus', 200),
  },
  {
    ...{ name: '5,000 messages on a topic', kernel: 'message_bus', wave: 2, expected: 'withstood' },
    inject: topicFlooded('message_bus', 5000),
  },
  {
    ...{ name: 'CPU saturated', kernel: 'all of them', wave: 2, expected: 'withstood', alone: true },
    inject: cpuSaturated(4000),
  },
  {
    ...{ name: 'memory leaked', kernel: 'sessions', wave: 2, expected: 'restart' },
    set: { limits: { heapMb: 64 } },
    inject: memoryLeaked('sessions'),
  },
  {
    ...{ name: 'snapshot damaged on disk', kernel: 'memory_fusion', wave: 2, expected: 'restart' },
    inject: snapshotDamaged('memory_fusion'),
  },
  {
    ...{ name: 'configuration drifted', kernel: 'imports', wave: 2, expected: 'restart' },
    inject: configDrifted('imports', (text) => text.replace('maxRows: 5000', 'maxRows: none')),
  },
  {
    ...{ name: 'heartbeat stalled', kernel: 'host_health', wave: 2, expected: 'restart' },
    inject: heartbeatStalled('host_health'),
  },
  {
    ...{ name: 'log entries damaged', kernel: 'immutable_log', wave: 2, expected: 'break stated' },
    inject: logDamaged('immutable_log'),
  },
  {
    ...{ name: 'five at once', kernel: 'message_bus', wave: 2, expected: 'restart', alone: true },
    inject: severalAtOnce({
      killed: ['message_bus', 'immutable_log', 'coding_agent'],
      ...{ hung: ['scheduler', 'search'], log: 'immutable_log' },
    }),
  },
  // Wave 3: failures of wave 1 in sources that were edited since, near the slip and far from it.
  {
    ...{
      name: 'exit on start, once more',
      kernel: 'reports',
      wave: 3,
      alone: true,
      expected: 'playbook',
      again: 'exit on start',
    },
    inject: deploys(
      {
        kernel: 'reports',
        find: 'const at = (id: string) =>',
        replace: '/** Short deadlines. */\n    const at = (id: string) =>',
      },
      { kernel: 'reports', find: 'type ReportsState = ', replace: '/** The last one. */\ntype ReportsState = ' },
    ),
  },
  {
    ...{ name: 'missing import, once more', kernel: 'outbox', wave: 3, alone: true, expected: 'playbook' },
    again: 'missing import',
    inject: deploys(
      outbox('import type { KernelContext }', '// Of the house.\nimport type { KernelContext }'),
      outbox('export class Outbox {', '/** All of them. */\nexport class Outbox {'),
    ),
  },
  {
    ...{
      name: 'misspelt property, once more',
      kernel: 'search',
      wave: 3,
      alone: true,
      expected: 'playbook',
      again: 'misspelt property',
    },
    inject: deploys(
      { kernel: 'search', file: 'library', find: '/** Best first;', replace: '/** The hits, best first;' },
      {
        kernel: 'search',
        file: 'library',
        find: 'export class Library {',
        replace: '/** All. */\nexport class Library {',
      },
    ),
  },
]

export const script: Script = {
  plants: defects.flatMap(({ fromBoot, asleep }) => [fromBoot, asleep].filter((edit) => edit !== undefined)),
  settings: defects.flatMap(({ kernel, set }) => (set === undefined ? [] : [{ kernel, set }])),
}
