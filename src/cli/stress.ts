/**
 * `lazaret stress`: lets defects loose on the fleet that comes with the package and shows how each healed. Live on a
 * terminal, quiet elsewhere, one table at the end; exit code 0 only where every guarantee held.
 */
import type { Command } from 'commander'
import { toRecord } from '../base/error-record.ts'
import { baseline } from '../chaos/baseline.ts'
import { plainRestartMs } from '../chaos/plain-kernel.ts'
import type { BaselineReport } from '../chaos/report.ts'
import { stress } from '../chaos/stress.ts'
import { newCommand } from './command.ts'
import { Board } from './stress-board.ts'
import { shown } from './stress-table.ts'

interface Options {
  readonly json?: true
  readonly keep?: true
  readonly baseline?: true
}

const about = `
The fleet that comes with the package works in real threads, with callers for each kernel, while three waves of defects are
let loose on it: lasting ones (a missing import, a bad configuration value, a leak, ...), faults from outside (a blocked
loop, a killed thread, damaged files, ...), and failures of the first wave once more, in sources edited since. What is
expected of each is written down before, in src/chaos/defects.ts.
The run works in .lazaret/stress/<run>, which is removed at the end, unless something did not hold or --keep is given.

--baseline plays the same again, after it, under a plain supervisor: the same threads and modules; one that ends is started
anew after ${plainRestartMs} ms, for ever. It is given what a careful author would have: the last good state from disk, messages
that wait while a thread is started, asks with the same deadlines that fail at once when their thread ends. It has no
budget, no heartbeat, no quarantine, no repair. Its outcome does not change the exit code.

Exit code: 0 every guarantee held, 1 something did not, 130 interrupted.`

export function stressCommand(): Command {
  return newCommand('stress', 'let defects loose on a fleet, and show how each heals', 'lazaret stress --json')
    .addHelpText('before', about)
    .option('--keep', 'leave the folder of the run: evidence, playbooks, journal')
    .option('--baseline', 'afterwards the same under a plain supervisor, to compare')
    .action(async (options: Options) => {
      process.exitCode = await run(options)
    })
}

async function run({ json, keep, baseline: alsoPlain }: Options): Promise<number> {
  const interrupted = new AbortController()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const onSignal = () => interrupted.abort()
  for (const signal of signals) process.on(signal, onSignal)
  const board = json === undefined && process.stdout.isTTY ? new Board('Stress: ') : undefined
  try {
    const result = await stress({
      signal: interrupted.signal,
      ...(keep ? { keep } : {}),
      onProgress: ({ defect, row }) => board?.update(defect, row),
    })
    board?.clear()
    if (alsoPlain && process.stdout.isTTY && json === undefined)
      process.stdout.write('The same under plain restarts...\n')
    const plain = alsoPlain ? await compare(interrupted.signal) : undefined
    const report = { ...result.report, ...(plain && { baseline: plain }) }
    process.stdout.write(`${json ? JSON.stringify(report) : shown({ ...result, report })}\n`)
    if (interrupted.signal.aborted) return 130
    return result.broken.length === 0 ? 0 : 1
  } catch (thrown) {
    board?.clear()
    if (!interrupted.signal.aborted) throw thrown
    process.stderr.write('Interrupted: every thread has ended and the folder of the run is removed.\n')
    return 130
  } finally {
    for (const signal of signals) process.off(signal, onSignal)
  }
}

/** The run itself is over: what becomes of the comparison takes nothing from its report. */
async function compare(signal: AbortSignal): Promise<BaselineReport | undefined> {
  try {
    return await baseline({ signal })
  } catch (thrown) {
    const why = signal.aborted
      ? 'it was interrupted; its threads have ended and its folder is removed'
      : toRecord(thrown).message
    process.stderr.write(`There is no comparison with plain restarts: ${why}.\n`)
    return undefined
  }
}
