/** `lazaret playbooks`: the repairs that were learnt, as the runtime knows them, or as they lie in the folder. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { playbookSuffix } from '../playbook/file-name.ts'
import { type Playbook, readPlaybookFile } from '../playbook/schema.ts'
import { type CommonOptions, newCommand, print, printJson } from './command.ts'
import { isNobodyThere, withRuntime } from './connection.ts'
import { type Cell, table } from './terminal.ts'

const folder = 'playbooks'

export function playbooksCommand(): Command {
  return newCommand('playbooks', 'list the repairs that were learnt', 'lazaret playbooks').action(playbooks)
}

async function playbooks({ dataDir, json }: CommonOptions): Promise<void> {
  const found = await known(dataDir)
  if (json) printJson(found)
  else if (found.length === 0) print(`No playbook yet: one is written to ${folder}/ when a repair has held.`)
  else show(found)
}

/** @throws LazaretError PLAYBOOK_INVALID where no runtime answers and a file in the folder is bad. */
async function known(dataDir: string): Promise<Playbook[]> {
  try {
    return await withRuntime(dataDir, (link) => link.ask<Playbook[]>('playbooks'))
  } catch (thrown) {
    if (!isNobodyThere(thrown)) throw thrown
    if (!existsSync(folder)) return []
    const files = readdirSync(folder).filter((name) => name.endsWith(playbookSuffix))
    return files.toSorted().flatMap((name) => readPlaybookFile(join(folder, name)))
  }
}

const trustStyles = { trusted: 'green', trial: 'yellow', suspended: 'red' } as const

function show(found: readonly Playbook[]): void {
  const columns = [
    ...[{ title: 'KERNEL' }, { title: 'PLAYBOOK' }, { title: 'TRUST' }],
    ...([
      { title: 'HEALED', right: true, spare: 1 },
      { title: 'FAILED', right: true, spare: 2 },
    ] as const),
    ...[{ title: 'STEPS' }, { title: 'FAILURE' }],
  ]
  const rows = found.map((playbook): Cell[] => [
    ...[playbook.kernel, playbook.name, { text: playbook.trust, style: trustStyles[playbook.trust] }],
    ...[String(playbook.successes), String(playbook.failures)],
    ...[playbook.steps.map((step) => step.do).join(', '), playbook.failure.error],
  ])
  print(table(columns, rows))
}
