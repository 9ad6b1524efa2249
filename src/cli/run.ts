/**
 * `lazaret run`: a fleet in the foreground. The first signal stops it in an orderly way, the second one ends it at once.
 * A process that holds a thread which nothing can end cannot leave by itself (FACTS 0.3); then it is replaced by a shell
 * that leaves with its exit code.
 */
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { LazaretError } from '../base/errors.ts'
import { type ApplyTo, applyTargets } from '../base/remedy.ts'
import { controlSocketPath } from '../control/path.ts'
import { checkDashboardOptions, type DashboardOptions } from '../dashboard/options.ts'
import type { DashboardServer } from '../dashboard/serve.ts'
import { createRuntime, type Runtime } from '../runtime.ts'
import type { KernelStatus } from '../supervisor/status.ts'
import { type CommonOptions, newCommand, reportFailure } from './command.ts'
import { jsonOutput, type Output, textOutput } from './foreground.ts'
import { count, duration, pathFromHere } from './terminal.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** After an orderly stop nothing is left; should something be, the process leaves all the same after this. */
const leaveMs = 3000

const example = `lazaret run kernels/fleet.yaml
lazaret run --alert-url http://127.0.0.1:9093/api/v2/alerts`

export function runCommand(): Command {
  return newCommand('run', 'run a fleet in the foreground until Ctrl-C', example)
    .argument('[fleet]', 'the fleet file', 'kernels/fleet.yaml')
    .addOption(
      // The environment is for a URL with a password, which the list of processes would show.
      new Option(
        '--alert-url <url>',
        'post alerts there: a webhook receiver of Alertmanager, or its own .../api/v2/alerts',
      ).env('LAZARET_ALERT_URL'),
    )
    .addOption(
      new Option(
        '--apply <target>',
        'where repairs that hold go: hotfix (your files are not written), or source',
      ).choices(applyTargets),
    )
    .option('--dashboard [port]', 'serve the dashboard, on any free port or this one; prints its address')
    .addOption(
      new Option(
        '--dashboard-host <address>',
        'listen there, not on 127.0.0.1 only; the line is not encrypted',
      ).implies({
        dashboard: true,
      }),
    )
    .addOption(
      // The environment is for the same reason: the list of processes would show it.
      new Option('--dashboard-token <token>', 'the same token at each start, for scrapers; by default a new one').env(
        'LAZARET_DASHBOARD_TOKEN',
      ),
    )
    .addOption(new Option('--read-only', 'the dashboard shows, and takes no commands').implies({ dashboard: true }))
    .action(async (fleet: string, options: RunOptions) => {
      process.exitCode = await run(fleet, options)
    })
}

interface RunOptions extends CommonOptions {
  /** A port, or true: any free one. */
  readonly dashboard?: string | true
  readonly dashboardHost?: string
  readonly dashboardToken?: string
  readonly readOnly?: true
  readonly alertUrl?: string
  readonly apply?: ApplyTo
}

async function run(fleet: string, options: RunOptions): Promise<number> {
  const { dataDir, json, alertUrl, apply } = options
  const dashboard = dashboardOptions(options)
  // What is written for operators is told by the events here; programs get it on stderr, as from any other host.
  const runtime = createRuntime({
    ...{ fleet, dataDir, ...(json ? {} : { log: false }) },
    ...(alertUrl !== undefined && { alerts: { url: alertUrl } }),
    ...(apply !== undefined && { apply }),
  })
  const output = json ? jsonOutput(write) : textOutput(write, ['', ...runtime.fleet.kernels.map(({ id }) => id)])
  const tally = { opened: 0, resolved: 0, stuck: 0 }
  runtime.on('event', (event) => {
    if (event.type === 'incident.opened') tally.opened += 1
    if (event.type === 'incident.resolved') tally.resolved += 1
    if (event.type === 'kernel.stuck') tally.stuck += 1
    output.event(event)
  })
  const stop = stopSignal(output)
  output.say('starting', `${count(runtime.fleet.kernels.length, 'kernel')} of ${pathFromHere(resolve(fleet))}`)
  try {
    const startedAt = performance.now()
    const started = runtime.start()
    const first = await Promise.race([started, stop.asked])
    if (Array.isArray(first)) sayReady(runtime, first, performance.now() - startedAt, output)
    if (Array.isArray(first) && dashboard !== undefined) {
      const { url, port } = await serveOrStop(runtime, dashboard)
      output.say('dashboard', url)
      // The event of it has no token; whoever started this gets it once.
      if (json) write(`${JSON.stringify({ type: 'dashboard.address', at: Date.now(), url, port })}\n`)
    }
    const signal = await stop.asked
    output.say('stopping', `${signal}; the same again ends it at once`)
    await runtime.stop()
    output.flush()
    output.say('stopped', `${incidents(tally)}; its journal is in ${pathFromHere(runtime.dataDir)}`)
    return leave(0, tally.stuck > 0)
  } catch (thrown) {
    return leave(reportFailure(thrown, json === true), tally.stuck > 0)
  } finally {
    stop.off()
  }
}

/** @throws LazaretError OPTION_INVALID */
function dashboardOptions({
  dashboard,
  dashboardHost,
  dashboardToken,
  readOnly,
}: RunOptions): DashboardOptions | undefined {
  if (dashboard === undefined) return undefined
  const isPort = dashboard === true || (/^\d{1,5}$/.test(dashboard) && Number(dashboard) <= 65_535)
  if (!isPort) {
    const text = `--dashboard takes a port from 0 to 65535, or nothing: then it is any free one. Got: ${dashboard}.`
    const hint = /\.ya?ml$/.test(dashboard)
      ? `The fleet file comes first: lazaret run ${dashboard} --dashboard`
      : 'See: lazaret run --help'
    throw new LazaretError('OPTION_INVALID', text, { hint })
  }
  const options: DashboardOptions = {
    ...(dashboard !== true && { port: Number(dashboard) }),
    ...(dashboardHost !== undefined && { host: dashboardHost }),
    ...(dashboardToken !== undefined && { token: dashboardToken }),
    ...(readOnly === true && { readOnly }),
  }
  return checkDashboardOptions(options)
}

/** A fleet that was to be seen and cannot be is not left running unseen. */
async function serveOrStop(runtime: Runtime, options: DashboardOptions): Promise<DashboardServer> {
  try {
    return await runtime.serveDashboard(options)
  } catch (thrown) {
    await runtime.stop()
    throw thrown
  }
}

function write(text: string): void {
  process.stdout.write(text)
}

function stopSignal(output: Output): { asked: Promise<NodeJS.Signals>; off(): void } {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>()
  let asked = false
  const onSignal = (signal: NodeJS.Signals) => {
    // The terminal has just shown ^C: the next line takes its place.
    if (process.stdout.isTTY) write('\r')
    if (asked) {
      output.flush()
      output.say('ended', 'by force; the next start goes on from the journal', 'bad')
      leaveAtOnce(1)
    }
    asked = true
    resolve(signal)
  }
  for (const name of signals) process.on(name, onSignal)
  // Neither a signal handler nor a runtime keeps a process alive.
  const alive = setInterval(() => {}, 2 ** 30)
  return {
    asked: promise,
    off() {
      clearInterval(alive)
      for (const name of signals) process.off(name, onSignal)
    },
  }
}

function sayReady(runtime: Runtime, kernels: KernelStatus[], tookMs: number, output: Output): void {
  const serving = kernels.filter(({ servedBy }) => servedBy === 'instance').length
  const all = count(kernels.length, 'kernel')
  const tone = serving === kernels.length ? 'good' : 'watch'
  output.say('ready', `${serving} of ${all} in service after ${duration(tookMs)}`, tone)
  output.say('control', `${pathFromHere(controlSocketPath(runtime.dataDir))}  (in another terminal: lazaret status)`)
}

function incidents({ opened, resolved }: { opened: number; resolved: number }): string {
  if (opened === 0 && resolved === 0) return 'no incident'
  return `${count(opened, 'incident')} opened, ${resolved} resolved`
}

function leave(exitCode: number, isStuck: boolean): number {
  if (isStuck) leaveAtOnce(exitCode)
  setTimeout(() => leaveAtOnce(exitCode), leaveMs).unref()
  return exitCode
}

/** process.exit() would wait for every thread, for ever where one cannot be ended; to become another program does not. */
function leaveAtOnce(exitCode: number): never {
  if (typeof process.execve === 'function') process.execve('/bin/sh', ['sh', '-c', `exit ${exitCode}`])
  process.kill(process.pid, 'SIGKILL')
  throw new Error('The process has been killed.')
}
