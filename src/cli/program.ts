/** All commands in one program. Usage errors, unknown commands included, end with exit code 2 and a way on. */
import { Command, CommanderError } from 'commander'
import { version } from '../base/version.ts'
import { reportFailure } from './command.ts'
import { doctorCommand } from './doctor.ts'
import { hotfixesCommand } from './hotfixes.ts'
import { incidentsCommand } from './incidents.ts'
import { kernelCommands } from './kernel-command.ts'
import { lettersCommand } from './letters.ts'
import { logsCommand } from './logs.ts'
import { mcpCommand } from './mcp.ts'
import { playbooksCommand } from './playbooks.ts'
import { repairsCommand } from './repairs.ts'
import { statusCommand } from './status.ts'
import { taskCommand } from './task.ts'
import { taskCommands } from './tasks.ts'

/** Runs one command line and returns its exit code; a command may set process.exitCode itself. */
export async function main(argv: readonly string[]): Promise<number> {
  quietWhenNobodyReads()
  const program = await buildProgram(argv)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2
    return reportFailure(thrown, argv.includes('--json'))
  }
}

/** @param argv decides whose options are known: the large ones are loaded only where they are named. */
export async function buildProgram(argv: readonly string[]): Promise<Command> {
  const program = new Command('lazaret')
    .description('Runs a fleet of kernels, each an actor in its own thread, and repairs the ones that keep failing.')
    .version(version())
    // What stands after a command is the command's own, or that of a word below it.
    .enablePositionalOptions()
    .addHelpText(
      'after',
      '\nExample:\n  lazaret run kernels/fleet.yaml\n\nMore about one of them: lazaret <command> --help',
    )
  const commands = [
    ...[await runCommand(argv), statusCommand(), logsCommand(), incidentsCommand()],
    ...[
      ...kernelCommands(),
      ...taskCommands(),
      taskCommand(),
      mcpCommand(),
      hotfixesCommand(),
      repairsCommand(),
      playbooksCommand(),
      lettersCommand(),
      await replayCommand(argv),
      doctorCommand(),
      await vizCommand(argv),
      await stressCommand(argv),
      await drillCommand(argv),
    ],
  ]
  for (const command of commands) program.addCommand(command)
  for (const command of [program, ...commands]) {
    const help = command === program ? 'lazaret --help' : `lazaret ${command.name()} --help`
    command.exitOverride().showHelpAfterError(`See: ${help}`)
  }
  return program
}

/** The runtime and everything below it takes 0.1 s to load, which the other commands need not wait for. */
async function runCommand(argv: readonly string[]): Promise<Command> {
  if (argv.includes('run')) return (await import('./run.ts')).runCommand()
  return withOptions('run', 'run a fleet in the foreground until Ctrl-C').argument('[fleet]')
}

async function stressCommand(argv: readonly string[]): Promise<Command> {
  if (argv.includes('stress')) return (await import('./stress.ts')).stressCommand()
  return withOptions('stress', 'let defects loose on a fleet, and show how each heals')
}

async function drillCommand(argv: readonly string[]): Promise<Command> {
  if (argv.includes('drill')) return (await import('./drill.ts')).drillCommand()
  return withOptions('drill', 'let a known defect loose on a copy of a fleet, and see each step run').argument(
    '[fleet]',
  )
}

async function replayCommand(argv: readonly string[]): Promise<Command> {
  if (argv.includes('replay')) return (await import('./replay.ts')).replayCommand()
  return withOptions('replay', 'make a recorded failure happen again, in a sandbox').argument('<incident>')
}

async function vizCommand(argv: readonly string[]): Promise<Command> {
  if (argv.includes('viz')) return (await import('./viz.ts')).vizCommand()
  return withOptions('viz', 'draw a state machine of XState v5').argument('<file>')
}

/** A command that only stands in the list: it is shown as one that takes options. */
function withOptions(name: string, summary: string): Command {
  return new Command(name).description(summary).usage('[options]').option('--json', 'print JSON, for programs')
}

/** `lazaret incidents | head -1`: a reader that is gone is no failure, and no reason to stop a fleet. */
function quietWhenNobodyReads(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
}
