/**
 * How long `message_bus` is silent when its thread is killed under 1,000 asks a second: with a standby (failover), and
 * without one (a restart with no backoff), in the same run. Callers' own books, not the runtime's: from the last reply of
 * the old thread to the first of the new one. Prints medians of the rounds and their ratio.
 *
 *     npm run -s bench -- failover [--json] [--rounds 10]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { killThread } from '../src/chaos/index.ts'
import { createRuntime, type LazaretEvent } from '../src/index.ts'

const asksPerSecond = 1000
const tickMs = 5

interface Round {
  /** Between two replies, around the kill. Milliseconds. */
  readonly gapMs: number
  readonly sent: number
  readonly replied: number
  /** By code. */
  readonly failed: Readonly<Record<string, number>>
  readonly unsettled: number
  readonly outOfOrder: number
}

/** Asks at a steady rate, and what came of each. */
async function underLoad(ask: (n: number) => Promise<unknown>, during: () => Promise<void>): Promise<Round> {
  const replies: { n: number; atMs: number }[] = []
  const failed: Record<string, number> = {}
  const pending = new Set<Promise<void>>()
  let sent = 0
  const timer = setInterval(() => {
    for (let burst = 0; burst < (asksPerSecond * tickMs) / 1000; burst += 1) {
      sent += 1
      const n = sent
      const settled = ask(n).then(
        () => void replies.push({ n, atMs: performance.now() }),
        ({ code = 'UNKNOWN' }: { code?: string }) => {
          failed[code] = (failed[code] ?? 0) + 1
        },
      )
      const tracked = settled.finally(() => pending.delete(tracked))
      pending.add(tracked)
    }
  }, tickMs)
  try {
    await during()
  } finally {
    clearInterval(timer)
  }
  const late = AbortSignal.timeout(10_000)
  await Promise.race([Promise.all(pending), new Promise((resolve) => late.addEventListener('abort', resolve))])
  const gaps = replies.slice(1).map(({ atMs }, index) => atMs - (replies[index]?.atMs ?? atMs))
  const outOfOrder = replies.filter(({ n }, index) => n < (replies[index - 1]?.n ?? 0)).length
  return { gapMs: Math.max(...gaps), sent, replied: replies.length, failed, unsettled: pending.size, outOfOrder }
}

async function measure(kind: 'failover' | 'restart', rounds: number): Promise<Round[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-bench-'))
  const runtime = createRuntime({
    fleet: {
      kernels: [
        {
          ...{ id: 'message_bus', entry: fileURLToPath(new URL('../kernels/message_bus/kernel.ts', import.meta.url)) },
          ...{ tier: 1, replicas: kind === 'failover' ? 1 : 0, repair: { autonomy: 'observe' } },
          restart: { max: kind === 'failover' ? 0 : 3, stableMs: 100, backoffMs: 0, backoffMaxMs: 0, jitter: 0 },
        },
      ],
    },
    ...{ dataDir: join(folder, 'data'), quarantineDir: join(folder, 'quarantine'), log: false },
    playbooksDir: join(folder, 'playbooks'),
  })
  const next = (type: LazaretEvent['type']) =>
    new Promise<void>((resolve) => {
      const off = runtime.on('event', (event) => {
        if (event.type !== type) return
        off()
        resolve()
      })
    })
  const measured: Round[] = []
  try {
    const standing = kind === 'failover' ? next('standby.ready') : Promise.resolve()
    await runtime.start()
    await standing
    const { ask } = runtime.ref('message_bus').with({ deadlineMs: 8000 })
    for (let round = 0; round < rounds; round += 1) {
      const served = next(kind === 'failover' ? 'failover.completed' : 'kernel.restarted')
      const rest = () => new Promise((resolve) => setTimeout(resolve, 400))
      const result = await underLoad(
        async (n) => ask.publish?.('bench.topic', { n }, 'bench'),
        async () => {
          await rest()
          await killThread(runtime, 'message_bus')
          await served
          await rest()
        },
      )
      measured.push(result)
      // A restarted one has become steady while the load went on.
      if (kind === 'restart') continue
      const recovered = next('kernel.recovered')
      await runtime.kernel('message_bus').rejoin()
      await recovered
    }
  } finally {
    await runtime.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return measured
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function summary(rounds: readonly Round[]) {
  const sum = (pick: (round: Round) => number) => rounds.reduce((total, round) => total + pick(round), 0)
  const gaps = rounds.map(({ gapMs }) => gapMs)
  const codes = rounds.flatMap(({ failed }) => Object.entries(failed))
  return {
    rounds: rounds.length,
    ...{ gapMsMedian: Math.round(median(gaps) * 10) / 10, gapMsMax: Math.round(Math.max(...gaps) * 10) / 10 },
    ...{ sent: sum(({ sent }) => sent), replied: sum(({ replied }) => replied) },
    ...{ unsettled: sum(({ unsettled }) => unsettled), outOfOrder: sum(({ outOfOrder }) => outOfOrder) },
    failed: Object.fromEntries(
      [...Map.groupBy(codes, ([code]) => code)].map(([code, all]) => [code, all.reduce((n, [, more]) => n + more, 0)]),
    ),
  }
}

export async function failover(args: readonly string[]): Promise<void> {
  const rounds = Number(args[args.indexOf('--rounds') + 1] ?? 10) || 10
  const withStandby = summary(await measure('failover', rounds))
  const restarted = summary(await measure('restart', rounds))
  const ratio = Math.round((restarted.gapMsMedian / withStandby.gapMsMedian) * 100) / 100
  const report = { subject: 'failover', asksPerSecond, failover: withStandby, restart: restarted, ratio }
  if (args.includes('--json')) {
    process.stdout.write(`${JSON.stringify(report)}\n`)
    return
  }
  for (const [name, found] of Object.entries({ failover: withStandby, restart: restarted })) {
    const { gapMsMedian, gapMsMax, sent, replied, failed, unsettled, outOfOrder } = found
    process.stdout.write(
      `${name.padEnd(9)} gap ${gapMsMedian} ms (median of ${found.rounds}, worst ${gapMsMax}); ${sent} asks: ` +
        `${replied} replied, failed ${JSON.stringify(failed)}, ${unsettled} unsettled, ${outOfOrder} out of order\n`,
    )
  }
  process.stdout.write(`a restart is silent ${ratio} times as long as a failover\n`)
}
