/**
 * `lazaret viz`: a machine of XState v5, from the file that exports it, as a picture or as text. It needs no runtime and no
 * browser, and asks nobody. The file is imported, hence run; whatever it leaves running ends with the command.
 */
import { resolve } from 'node:path'
import { Command } from 'commander'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { escapeUnsafe, safeLine } from '../base/redact.ts'
import { chartOf } from '../chart/from-machine.ts'
import { layoutChart } from '../chart/layout.ts'
import type { Chart, ChartLayout } from '../chart/model.ts'
import { reportFailure } from './command.ts'
import { loadMachine } from './viz-load.ts'
import { drawn, mustBeWritable, planOf, type VizOptions, vizFormats, vizThemes, writeOut } from './viz-output.ts'

const about = `
Draws a state machine of XState v5 that a TypeScript or JavaScript file exports: nested, parallel, final and history states,
guards, actions, delays, always, wildcards, invoked and spawned actors.

The file is imported, and so it runs, with your rights: draw no file that you would not run. Its imports must be there. No
function of the machine is called. An actor that an assign or an enqueueActions spawns is found by reading the function's
text: one whose name is computed is not seen.

Without --export the default export is drawn, or the only machine. Without --format the extension of --out says what is
written; without either it is an SVG, on stdout. In an SVG or HTML file the theme "auto" follows its reader; a PNG is then
light. What the file prints goes to stderr.

Exit code: 0 drawn, 1 it failed, 2 the file or an option was wrong.`

const examples = `
Example:
  lazaret viz src/checkout.ts --out checkout.svg
  lazaret viz src/checkout.ts --out checkout.html          (to point at, and to walk along)
  lazaret viz src/machines.ts --export player --format mermaid`

export function vizCommand(): Command {
  return new Command('viz')
    .description('draw a state machine of XState v5')
    .argument('<file>', 'exports the machine')
    .option('--export <name>', 'which of its exports')
    .option('--format <format>', vizFormats.join(', '))
    .option('--out <path>', 'file to write; one that is there is replaced')
    .option('--theme <theme>', `${vizThemes.join(', ')} (default: auto)`)
    .option('--json', 'print the chart and where everything is in it as JSON, for programs')
    .addHelpText('before', about)
    .addHelpText('after', examples)
    .action(async (file: string, options: VizOptions) => {
      // A server or a timer of the user's file would keep the process for ever, so it ends here, and says all before.
      process.exit(await runOnce(file, options))
    })
}

async function runOnce(file: string, options: VizOptions): Promise<number> {
  const stdout = keepStdout()
  let isOver = false
  const onExit = () => {
    if (isOver) return
    process.exitCode = 2
    process.stderr.write(
      `${safeLine(file)} ended the process before anything was drawn.\nExport the machine from a file that does not call process.exit().\n`,
    )
  }
  const onUncaught = (thrown: unknown) => {
    process.stderr.write(
      `Beside the drawing, ${safeLine(file)} failed: ${safeLine(thrown instanceof Error ? thrown.message : String(thrown))}\n`,
    )
  }
  process.on('exit', onExit)
  process.on('uncaughtException', onUncaught)
  try {
    await viz(file, options, stdout)
    return 0
  } catch (thrown) {
    return reportFailure(thrown, options.json === true)
  } finally {
    isOver = true
    await flushed()
  }
}

type Write = (content: string | Uint8Array) => Promise<void>

/** stdout is for the picture: whatever else would go there goes to stderr. */
function keepStdout(): Write {
  const write = process.stdout.write.bind(process.stdout)
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write
  return (content) => {
    return new Promise((done, reject) => {
      // A reader that is gone is no failure.
      write(content, (error) => (error && (error as NodeJS.ErrnoException).code !== 'EPIPE' ? reject(error) : done()))
    })
  }
}

async function flushed(): Promise<void> {
  await new Promise((done) => process.stderr.write('', done))
}

async function viz(file: string, options: VizOptions, stdout: Write): Promise<void> {
  if (options.out !== undefined) mustBeWritable(resolve(options.out))
  const plan = planOf(options)
  if (plan.out === undefined && plan.format === 'png' && options.json !== true && process.stdout.isTTY) {
    throw new LazaretError('OPTION_INVALID', 'a PNG is not for a terminal', { hint: 'Add --out chart.png' })
  }
  const { name, machine } = await loadMachine(file, options.export)
  const chart = chartOf(machine)
  let laid: Promise<ChartLayout> | undefined
  const layout = () => {
    laid ??= laidOut(chart)
    return laid
  }
  const { out, format } = plan
  const wantsPicture = out !== undefined || options.json !== true
  const picture = wantsPicture ? await drawn(chart, layout, plan) : undefined
  if (picture?.remark !== undefined) process.stderr.write(`${picture.remark}\n`)
  if (picture !== undefined && out !== undefined) await writeOut(out, picture.content)
  if (options.json === true) {
    const facts = { file, export: name, ...(out !== undefined && { out, format }) }
    const text = JSON.stringify({ ...facts, chart, layout: await layout() }, null, 2)
    await stdout(`${text.split('\n').map(escapeUnsafe).join('\n')}\n`)
  } else if (out !== undefined) {
    await stdout(`Wrote ${out}\n`)
  } else if (picture !== undefined) {
    await stdout(picture.content)
  }
}

/** Large machines take seconds; then whoever waits is told. */
async function laidOut(chart: Chart): Promise<ChartLayout> {
  const say = () => process.stderr.write(`Laying out ${safeLine(chart.id)}: ${chart.edges.length} transitions...\n`)
  const timer = process.stderr.isTTY ? setTimeout(say, limits.progressAfterMs) : undefined
  try {
    return await layoutChart(chart)
  } finally {
    clearTimeout(timer)
  }
}
