/** The kernels and their checks where a repair runs them: in the sandbox's own process, with nothing around them. */
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { sha256 } from '../../src/base/hash.ts'
import type { Overlay } from '../../src/base/remedy.ts'
import { SandboxPool } from '../../src/repair/sandbox-pool.ts'
import { isolationHere } from '../../src/repair/trial.ts'
import { Bench } from '../sandbox/bench.ts'

const bench = new Bench()
const pool = new SandboxPool()
afterAll(async () => {
  await pool.close()
  bench.remove()
})

const folder = new URL('../../kernels/', import.meta.url)
const fleet = parse(readFileSync(new URL('fleet.yaml', folder), 'utf8')) as {
  kernels: { id: string; config?: Record<string, unknown> }[]
}

/** It listens, and there is no network in the sandbox. */
const listeners = ['http_front']

/** @param withPort false: a kernel that listens is tried without a port, from inside. */
function check(id: string, overlay: Overlay = {}, withPort = false) {
  const { port, ...rest } = fleet.kernels.find((each) => each.id === id)?.config ?? {}
  const config = withPort && port !== undefined ? { ...rest, port } : rest
  const [entryUrl, checkUrl] = ['kernel.ts', 'check.ts'].map((file) => new URL(`${id}/${file}`, folder).href)
  const sources = readdirSync(new URL(`${id}/`, folder)).filter((file) => file !== 'check.ts')
  const files = sources.map((file) => new URL(`${id}/${file}`, folder).href)
  const job = bench.job(entryUrl ?? '', { mode: 'check', checkUrl: checkUrl ?? '', kernel: id, config, overlay, files })
  return pool.run(job, new AbortController().signal)
}

test.each(fleet.kernels)('$id passes its check in the sandbox, within a second', async ({ id }) => {
  const result = await check(id)
  expect(result.error).toBeUndefined()
  expect(result).toMatchObject({ outcome: 'passed' })
})

// Node.js 24 refuses no network: there the front starts, and passes.
test.each(listeners)('%s with its port is refused by the sandbox, and not found to be at fault', async (id) => {
  const { outcome, refused, needed } = await check(id, {}, true)
  if (isolationHere() === 'weak') expect(outcome).toBe('passed')
  else
    expect({ outcome, refused, needed }).toEqual({
      outcome: 'failed',
      refused: 'CAGE_UNSUITABLE',
      needed: 'the network',
    })
})

/** One wrong line each: what a bad fix could look like. */
const mistakes: [id: string, file: string, right: string, wrong: string][] = [
  ['message_bus', 'access.ts', "list.includes('*') || list.includes(id)", 'true'],
  ['message_bus', 'kernel.ts', 'this.#counters.delivered += delivered', 'this.#counters.delivered += 1'],
  ['message_bus', 'kernel.ts', 'if (subscribers.has(subscriber)) return false', ''],
  ['immutable_log', 'chain.ts', 'pairs.sort(([a], [b]) => (a < b ? -1 : 1))', 'pairs.reverse()'],
  ['immutable_log', 'chain.ts', 'record.previous + canonical(record)', 'canonical(record.entry)'],
  ['immutable_log', 'writer.ts', 'this.head = { index, hash }', 'this.head = { index, hash: this.head.hash }'],
  ['immutable_log', 'kernel.ts', 'index >= from', 'index > from'],
  ['memory_fusion', 'kernel.ts', 'b.score - a.score', 'a.score - b.score'],
  ['memory_fusion', 'kernel.ts', 'if (replaced) this.#index.discard(note.id)', 'if (replaced) return true'],
  ['memory_fusion', 'kernel.ts', 'note.sources ?? ', ''],
  ['coding_agent', 'queue.ts', 'b.priority - a.priority', 'a.priority - b.priority'],
  ['coding_agent', 'queue.ts', "task.kernel === this.#self ? 'waiting for a person' : 'open'", "'open'"],
  ['scheduler', 'kernel.ts', 'this.#runs.set(job.name, run)', ''],
  ['scheduler', 'kernel.ts', 'entry.stop()\n    this.#runs', 'this.#runs'],
  ['scheduler', 'job.ts', 'everyMs <= maxEveryMs', 'true'],
  ['search', 'library.ts', 'if (replaced) this.#index.discard(document.id)', 'if (replaced) return true'],
  ['search', 'library.ts', 'b.score - a.score', 'a.score - b.score'],
  ['search', 'kernel.ts', 'else pending.set(key, change)', ''],
  ['templates', 'shelf.ts', 'strictVariables: true', 'strictVariables: false'],
  ['templates', 'shelf.ts', '{ renderLimit: this.#renderMs }', '{}'],
  ['templates', 'shelf.ts', 'if (this.#templates.get(name)?.fixed !== true) return', 'if (name !== undefined) return'],
  ['webhooks', 'delivery.ts', 'if (allow.includes(url.host)) return url', 'if (url.host !== "") return url'],
  ['webhooks', 'delivery.ts', "url.username !== '' || url.password !== ''", 'false'],
  ['webhooks', 'courier.ts', 'this.#counters.refused += 1', 'this.#counters.failed += 1'],
  ['outbox', 'outbox.ts', 'if (this.#files.has(id)) return id', ''],
  ['outbox', 'files.ts', '^(\\d{12})-([\\w.-]{1,100})\\.json$/', '^(\\d{12})-([\\w-]{1,100})\\.json$/'],
  ['outbox', 'outbox.ts', 'if (!ordinary) return', 'if (ordinary) return'],
  ['imports', 'table.ts', 'const line = info.lines', 'const line = rows.length + 2'],
  ['imports', 'table.ts', 'record.length !== columns.length', 'record.length > columns.length'],
  [
    'imports',
    'kernel.ts',
    'if (failed === undefined) written += 1',
    'written += 1\n            if (failed === undefined) continue',
  ],
  ['reports', 'kernel.ts', 'values[fact] = null', 'values[fact] = 0'],
  ['reports', 'kernel.ts', 'last = report', 'last ??= report'],
  ['reports', 'report.ts', "value === null ? 'unknown' : String(value)", 'String(value)'],
  ['http_front', 'behind.ts', "{ 'retry-after': '5' }", '{}'],
  ['http_front', 'routes.ts', 'if (!isRead(c)) throw error', ''],
  ['http_front', 'routes.ts', 'healthy === false ? 503 : 200', 'healthy === true ? 200 : 503'],
  ['healing_stats', 'tally.ts', 'totals.totalMs += tookMs', 'totals.totalMs = tookMs'],
  ['healing_stats', 'tally.ts', 'if (this.#closed.has(incident)) return', ''],
  ['healing_stats', 'tally.ts', 'if (known !== undefined) return\n', ''],
  ['vault', 'safe.ts', 'setAAD(bound(name, version))\n  const body', 'setAAD(bound(name, 0))\n  const body'],
  ['vault', 'safe.ts', 'this.#read(name).version : 0) + 1', 'this.#read(name).version : 0) || 1'],
  ['vault', 'keys.ts', '...old.slice(-keptKeys), ', ''],
  ['vault', 'kernel.ts', ' && secret.isWellFormed()', ''],
  ['policy', 'rules.ts', "found.find((rule) => rule.effect === 'deny') ?? ", ''],
  ['policy', 'rules.ts', 'text.startsWith(pattern.slice(0, -1))', 'true'],
  ['policy', 'kernel.ts', "allowed: rule?.effect === 'allow'", "allowed: rule?.effect !== 'deny'"],
  ['sessions', 'kernel.ts', "this.#open.get(hash('sha256', token))", "this.#open.peek(hash('sha256', token))"],
  ['sessions', 'kernel.ts', 'filter((session) => session.user === user)', 'filter(() => true)'],
  ['rate_limits', 'kernel.ts', ' && consumed + cost > this.#config.points', ' && consumed >= this.#config.points'],
  ['rate_limits', 'kernel.ts', 'this.#limiter.consume(key, cost)', 'this.#limiter.consume(key)'],
  ['rate_limits', 'kernel.ts', 'return await this.#limiter.delete(who)', 'return this.#ends.delete(who)'],
  ['feature_flags', 'rule.ts', '`${flag}\\n${who}`', 'who'],
  ['feature_flags', 'rule.ts', 'if (rule.off.includes(who)) return false', ''],
  ['feature_flags', 'kernel.ts', 'set.delete(flag)', 'written.delete(flag)'],
  ['records', 'store.ts', '    this.#expect(kind, id, expected)\n    if', '    if'],
  ['records', 'store.ts', '      this.#order.delete(stored.kind)\n', ''],
  ['records', 'store.ts', 'const version = this.get(kind, id)?.version ?? 0', 'const version = expected'],
  ['host_health', 'sample.ts', 'figures[key] > most[key]', 'figures[key] >= most[key]'],
  ['host_health', 'sample.ts', "['load', 'memory', 'delayMs'] as const", "['load', 'memory'] as const"],
  ['host_health', 'kernel.ts', 'samples = [...samples, sample]', 'samples = [sample, ...samples]'],
]

test.each(mistakes)('the check of %s notices a wrong line in %s: %s', async (id, file, right, wrong) => {
  const url = new URL(`${id}/${file}`, folder)
  const text = readFileSync(url, 'utf8')
  expect(text.split(right), 'the line stands there once').toHaveLength(2)
  const overlay = { [url.href]: { preimageSha256: sha256(text), text: text.replace(right, () => wrong) } }
  expect(await check(id, overlay)).toMatchObject({ outcome: 'failed' })
})
