/**
 * `lazaret playbooks`: the repairs that were learnt, as the running runtime knows them, or as they lie in the folder:
 * listed, shown, checked, tried on paper, and run.
 */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { LazaretError } from '../base/errors.ts'
import { safeLine } from '../base/redact.ts'
import type { FleetSpec, KernelSpec } from '../base/spec.ts'
import type { PlaybookVersionRow } from '../journal/rows.ts'
import { type Playbook, readPlaybookFile } from '../playbook/schema.ts'
import { urlOfFile } from '../repair/apply.ts'
import { type DryStep, dryRun } from '../repair/dry-run.ts'
import { readSources } from '../repair/sources.ts'
import type { KernelStatus } from '../supervisor/status.ts'
import { type CommonOptions, newCommand, print, printJson } from './command.ts'
import { isNobodyThere, type Link, readEither, withRuntime } from './connection.ts'
import { failUnlessServing, showAfter } from './kernel-command.ts'
import { lintFile, playbookFiles } from './playbooks-lint.ts'
import { showDryRun, showList, showPlaybook, showVersions, type VersionFacts } from './playbooks-show.ts'
import { withProgress } from './progress.ts'
import { count, styled } from './terminal.ts'

interface Options extends CommonOptions {
  readonly folder: string
  readonly fleet?: string
}

const defaultFleet = 'kernels/fleet.yaml'
const kernelArgument = ['<kernel>', 'its id'] as const

export function playbooksCommand(): Command {
  const command = withFolder(
    newCommand('playbooks', 'list, show, check, try and run the repairs that were learnt', examples),
  )
  // So that an option after the name of a subcommand is the subcommand's.
  command.enablePositionalOptions().action(list)
  for (const sub of subcommands()) {
    command.addCommand(sub.exitOverride().showHelpAfterError(`See: lazaret playbooks ${sub.name()} --help`))
  }
  return command
}

const examples = 'lazaret playbooks\nlazaret playbooks show memory_fusion\nlazaret playbooks lint'

function withFolder(command: Command): Command {
  return command.option('--folder <folder>', 'where the playbook files lie', 'playbooks')
}

function withFleet(command: Command): Command {
  return withFolder(command).option('--fleet <file>', `the fleet to hold them against (default: ${defaultFleet})`)
}

function subcommands(): Command[] {
  return [
    withFolder(newCommand('list', 'list them', 'lazaret playbooks list')).action(list),
    withFolder(newCommand('show', "one kernel's, in full, and their history", 'lazaret playbooks show memory_fusion'))
      .argument(...kernelArgument)
      .argument('[name]', 'of the playbook; default: all of them')
      .option('--version <n>', 'print the file as it was in this version')
      .action(show),
    newCommand(
      'history',
      "what changed in a kernel's playbooks, and by whom",
      'lazaret playbooks history memory_fusion',
    )
      .argument(...kernelArgument)
      .action(history),
    withFleet(newCommand('lint', 'check playbook files; exit code 2 where one is wrong', 'lazaret playbooks lint'))
      .argument('[files...]', 'default: every file in the folder')
      .action(lint),
    withFleet(newCommand('dry-run', 'what each step would do now', 'lazaret playbooks dry-run memory_fusion'))
      .argument(...kernelArgument)
      .argument('[name]', 'of the playbook; default: all of them')
      .action(tryOnPaper),
    newCommand(
      'run',
      'prove and apply one to a kernel out of service',
      'lazaret playbooks run memory_fusion code-3fa92c',
    )
      .argument(...kernelArgument)
      .argument('<name>', 'of the playbook')
      .action(run),
  ]
}

async function list(options: Options): Promise<void> {
  const found = await known(options)
  if (options.json) printJson(found)
  else if (found.length === 0) print(`No playbook yet: one is written to ${options.folder}/ when a repair has held.`)
  else showList(found)
}

/** @throws LazaretError PLAYBOOK_INVALID where no runtime answers and a file in the folder is bad. */
async function known({ dataDir, folder }: Options): Promise<Playbook[]> {
  try {
    return await withRuntime(dataDir, (link) => link.ask<Playbook[]>('playbooks'))
  } catch (thrown) {
    if (!isNobodyThere(thrown)) throw thrown
    return playbookFiles(folder).flatMap((file) => readPlaybookFile(file))
  }
}

/** @throws LazaretError NOT_FOUND where there is none. */
async function those(options: Options, kernel: string, name: string | undefined): Promise<Playbook[]> {
  const all = (await known(options)).filter((playbook) => playbook.kernel === kernel)
  const found = name === undefined ? all : all.filter((playbook) => playbook.name === name)
  if (found.length > 0) return found
  const text = name === undefined ? `${kernel} has no playbook.` : `${kernel} has no playbook ${JSON.stringify(name)}.`
  const names = all.map((playbook) => playbook.name).join(', ')
  throw new LazaretError('NOT_FOUND', text, {
    kernel,
    hint: names === '' ? 'See which there are: lazaret playbooks' : `It has: ${names}.`,
  })
}

async function show(kernel: string, name: string | undefined, options: Options & { version?: string }): Promise<void> {
  if (options.version !== undefined) {
    await showVersion(kernel, options.version, options)
    return
  }
  const found = await those(options, kernel, name)
  const versions = await versionsOf(kernel, options)
  if (options.json) {
    printJson({ playbooks: found, versions })
    return
  }
  for (const playbook of found) {
    showPlaybook(playbook)
    print('')
  }
  showVersions(kernel, versions, Date.now())
}

/** None where there is neither a runtime nor a journal: then only the files are known. */
async function versionsOf(kernel: string, { dataDir }: Options): Promise<VersionFacts[]> {
  try {
    const { found } = await readEither<VersionFacts[]>(
      dataDir,
      (link) => link.ask<VersionFacts[]>('playbookVersions', { kernel }),
      (journal) => journal.playbookVersions(kernel).map(({ text: _, ...row }) => row),
    )
    return found
  } catch (thrown) {
    if (isNobodyThere(thrown)) return []
    throw thrown
  }
}

async function showVersion(kernel: string, given: string, { dataDir, json }: Options): Promise<void> {
  const version = Number(given)
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new LazaretError(
      'OPTION_INVALID',
      `--version must be a whole number above 0. Got: ${JSON.stringify(given)}.`,
      {
        hint: `See which there are: lazaret playbooks history ${kernel}`,
      },
    )
  }
  const { found } = await readEither<PlaybookVersionRow | undefined>(
    dataDir,
    async (link) => (await link.ask<PlaybookVersionRow | null>('playbookVersions', { kernel, version })) ?? undefined,
    (journal) => journal.playbookVersion(kernel, version),
  )
  if (found === undefined) {
    throw new LazaretError('NOT_FOUND', `The playbooks of ${kernel} have no version ${version}, or not any more.`, {
      kernel,
      hint: `See which there are: lazaret playbooks history ${kernel}`,
    })
  }
  if (json) printJson(found)
  else print(...found.text.trimEnd().split('\n').map(safeLine))
}

async function history(kernel: string, options: Options): Promise<void> {
  const rows = await versionsOf(kernel, options)
  if (options.json) printJson(rows)
  else showVersions(kernel, rows, Date.now())
}

async function lint(files: string[], options: Options): Promise<void> {
  const all = files.length > 0 ? files : playbookFiles(options.folder)
  const fleet = await fleetFor(options)
  const found = all.flatMap((file) => lintFile(file, fleet))
  const errors = found.filter(({ level }) => level === 'error').length
  if (options.json) printJson({ files: all.length, errors, warnings: found.length - errors, findings: found })
  else {
    for (const { level, file, line, text } of found) {
      // An error's paragraph begins with the file and the line.
      if (level === 'error') print(`${styled('red', 'error')}    ${safeLine(text)}`)
      else print(`${styled('yellow', 'warning')}  ${safeLine(`${file}:${line ?? 1}: ${text}.`)}`)
    }
    const held = fleet === undefined ? ' No fleet was found to hold them against: give one with --fleet.' : ''
    print(`${count(all.length, 'file')}, ${count(errors, 'error')}, ${count(found.length - errors, 'warning')}.${held}`)
  }
  if (errors > 0) process.exitCode = 2
}

/** Undefined where none was named, and there is none where it usually lies. @throws LazaretError FLEET_INVALID */
async function fleetFor({ fleet }: Options): Promise<FleetSpec | undefined> {
  if (fleet === undefined && !existsSync(defaultFleet)) return undefined
  const { loadFleet } = await import('../supervisor/fleet.ts')
  return loadFleet(fleet ?? defaultFleet)
}

async function tryOnPaper(kernel: string, name: string | undefined, options: Options): Promise<void> {
  const found = await those(options, kernel, name)
  const rows: { readonly playbook: Playbook; readonly steps: DryStep[] }[] = []
  for (const playbook of found) rows.push({ playbook, steps: await dryRunOf(playbook, options) })
  if (options.json) printJson(rows.map(({ playbook, steps }) => ({ playbook: playbook.name, kernel, steps })))
  else for (const { playbook, steps } of rows) showDryRun(playbook, steps)
  if (rows.some(({ steps }) => steps.some(({ outcome }) => outcome === 'refused'))) process.exitCode = 1
}

/** By the runtime, which knows golden, the open incident and who serves; else against the files and the fleet alone. */
async function dryRunOf(playbook: Playbook, options: Options): Promise<DryStep[]> {
  const { kernel, name } = playbook
  try {
    return await withRuntime(options.dataDir, (link) => link.ask<DryStep[]>('dryRunPlaybook', { kernel, name }))
  } catch (thrown) {
    if (!isNobodyThere(thrown)) throw thrown
    return onFiles(playbook, options)
  }
}

async function onFiles(playbook: Playbook, options: Options): Promise<DryStep[]> {
  const { kernel, steps, failure } = playbook
  const fleet = await fleetFor(options)
  const spec = fleet?.kernels.find(({ id }) => id === kernel)
  if (spec === undefined) {
    const text =
      fleet === undefined
        ? 'No runtime answers, and there is no fleet to look at.'
        : `The fleet has no kernel ${kernel}.`
    throw new LazaretError('UNKNOWN_KERNEL', text, {
      kernel,
      hint: 'Start the runtime, or name its fleet with --fleet.',
    })
  }
  const kernelFolderUrl = new URL('./', spec.entryUrl).href
  return dryRun({
    ...(await sourcesOf(playbook, spec)),
    ...{ kernel, steps, kernelFolderUrl, config: spec.config, phase: failure.phase },
    dataDirOfKernel: join(resolve(options.dataDir), 'kernels', kernel),
  })
}

/** The texts on disk of the files that its steps name. */
async function sourcesOf({ steps }: Playbook, { entryUrl }: KernelSpec) {
  const folder = new URL('./', entryUrl).href
  const named = steps.flatMap((step) => {
    if (step.do === 'apply_patch') return [step.file]
    return step.onlyIf !== undefined && 'fileSha256' in step.onlyIf ? [step.onlyIf.fileSha256.file] : []
  })
  const sources = Object.fromEntries(named.map((file) => [urlOfFile(file, folder), '']))
  // Its texts are read anew; of these only the names are looked at.
  return readSources({ files: [] }, { sources }, {})
}

async function run(kernel: string, name: string, options: CommonOptions): Promise<void> {
  const ask = (link: Link) => link.ask<KernelStatus>('runPlaybook', { kernel, name })
  const after = await withProgress(options, `running ${name} on ${kernel}`, kernel, ask)
  if (options.json) printJson(after)
  else showAfter(after)
  failUnlessServing(after)
}
