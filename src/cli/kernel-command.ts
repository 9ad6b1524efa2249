/** `lazaret restart|quarantine|repair|rejoin|park <id>`: one word to one kernel; it ends when the kernel has settled. */
import type { Command } from 'commander'
import type { CommandName } from '../supervisor/commands.ts'
import type { KernelStatus } from '../supervisor/status.ts'
import { type CommonOptions, newCommand, print, printJson } from './command.ts'
import type { Link } from './connection.ts'
import { withProgress } from './progress.ts'
import { stateCell, styled, whatNow } from './terminal.ts'

const summaries: Readonly<Record<CommandName, string>> = {
  restart: 'read the fleet file again for a running kernel, and start it anew',
  quarantine: 'take a kernel out of service; its degraded mode takes its messages',
  repair: 'try to repair a quarantined kernel on the evidence of its incident',
  rejoin: 'let a quarantined kernel back, on probation',
  park: 'end all attempts at a kernel and leave it to a person',
}

export function kernelCommands(): Command[] {
  return (Object.keys(summaries) as CommandName[]).map((name) =>
    newCommand(name, summaries[name], `lazaret ${name} memory_fusion`)
      .argument('<id>', 'the kernel')
      .action((id: string, options: CommonOptions) => send(name, id, options)),
  )
}

async function send(name: CommandName, kernel: string, options: CommonOptions): Promise<void> {
  const ask = (link: Link) => link.ask<KernelStatus>(name, { kernel })
  const after = await withProgress(options, `${name} ${kernel}`, kernel, ask)
  if (options.json) printJson(after)
  else showAfter(after)
  if (name !== 'quarantine' && name !== 'park') failUnlessServing(after)
}

/** Whoever scripts this must see that the kernel did not come back. */
export function failUnlessServing({ servedBy }: KernelStatus): void {
  if (servedBy !== 'instance') process.exitCode = 1
}

export function showAfter({ id, state, servedBy, why }: KernelStatus): void {
  const { style, text } = stateCell(state)
  print(`${id} is ${styled(style, text)}, served by ${servedBy}.`)
  if (why !== undefined) print(`Parked: ${whatNow(id, why)}`)
}
