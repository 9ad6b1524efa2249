/**
 * `lazaret drill`: a known defect in a copy of the user's own fleet, for CI. It prints one page, and leaves nothing; the
 * drill itself is chaos/drill/.
 */
import { writeFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { type DrillDefect, defectWords, drillDefects } from '../chaos/drill/defect.ts'
import { drill } from '../chaos/drill/drill.ts'
import { type DrillReport, drillExitCode } from '../chaos/drill/report.ts'
import { type CommonOptions, newCommand, print, printJson } from './command.ts'
import { drillMarkdown, drillPage } from './drill-page.ts'
import { progressLine } from './progress.ts'

interface Options extends Omit<CommonOptions, 'dataDir'> {
  readonly kernel?: string
  readonly defect: DrillDefect
  readonly all?: true
  readonly report?: string
  readonly playbooks: string
  readonly keep?: true
}

const example = `lazaret drill
lazaret drill kernels/fleet.yaml --kernel orders --defect exit
lazaret drill --all --report drill.md

In CI (GitHub Actions), after npm ci:
- run: npx lazaret drill kernels/fleet.yaml --report drill.md
- run: cat drill.md >> "$GITHUB_STEP_SUMMARY"
  if: always()`

const words = drillDefects.map((name) => `${name.padEnd(7)} ${defectWords[name]}`).join('\n')
const about = `Whether the fleet would heal. It is copied to the system's temporary folder and run
there as it is, with shorter times and folders of its own. One kernel gets a known
defect, and each step of the ladder must be seen to run: it is escalated, taken out
of service, its evidence is kept, a repair is proved and applied, and the repair is
learnt, so that the same failure heals by playbook. Nothing of yours is written.

But the kernels are yours and are really started: what they do elsewhere than in
their data folder they do here too. Drill where your tests run, not beside production.

Defects:
${words}

Exit code: 0 every step ran, 1 one did not or a kernel fails without any drill,
2 nothing could be drilled, 130 interrupted.
`

export function drillCommand(): Command {
  const command = newCommand('drill', 'let a known defect loose on a copy of a fleet, and see each step run', example)
    .argument('[fleet]', 'the fleet file', 'kernels/fleet.yaml')
    .addHelpText('before', about)
    .option('--kernel <id>', 'this one; by default the most critical whose first repair is proved')
    .addOption(new Option('--defect <name>', 'what is let loose').choices(drillDefects).default('start'))
    .option('--all', 'every kernel in turn, as a table')
    .option('--report <file>', 'write the page as Markdown too')
    .option('--playbooks <folder>', 'where your runtime keeps them: looked at, never written', 'playbooks')
    .option('--keep', 'leave the folder of the drill: evidence, playbooks, journal')
  // It has a data folder of its own, always.
  const spare = command.options.findIndex(({ long }) => long === '--data-dir')
  if (spare !== -1) (command.options as Option[]).splice(spare, 1)
  return command.action(async (fleet: string, options: Options) => {
    process.exitCode = await run(fleet, options)
  })
}

async function run(fleet: string, options: Options): Promise<number> {
  const { kernel, defect, all, keep, playbooks: playbooksDir, json, report: file } = options
  if (all && kernel !== undefined) {
    throw new LazaretError('OPTION_INVALID', '--all and --kernel cannot stand together.', {
      hint: 'Leave one of them out.',
    })
  }
  const interrupted = new AbortController()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const onSignal = () => interrupted.abort()
  for (const signal of signals) process.on(signal, onSignal)
  const progress = progressLine('drill', { quiet: json, afterMs: 0 })
  try {
    const report = await drill({
      ...{ fleet, defect, playbooksDir, signal: interrupted.signal, onProgress: progress.say },
      ...(kernel !== undefined && { kernel }),
      ...{ all: all === true, keep: keep === true },
    })
    progress.clear()
    if (json) printJson(report)
    else print(...drillPage(report))
    if (file !== undefined) writeReport(file, report)
    return drillExitCode(report)
  } catch (thrown) {
    progress.clear()
    if (!interrupted.signal.aborted) throw thrown
    process.stderr.write('Interrupted: every thread has ended and the copy is removed.\n')
    return 130
  } finally {
    for (const signal of signals) process.off(signal, onSignal)
  }
}

function writeReport(file: string, report: DrillReport): void {
  try {
    writeFileSync(file, drillMarkdown(report))
  } catch (thrown) {
    throw new LazaretError('OPTION_INVALID', `--report: ${file} cannot be written: ${toRecord(thrown).message}`, {
      hint: 'Name a file in a folder that exists.',
    })
  }
}
