/**
 * The machine that a user's file exports. The file is imported, so it runs: what it prints goes to stderr, what it fails
 * with is reported in its own words. It may be a module of any kind that Node imports, and have a copy of XState of its own.
 */
import { existsSync, statSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isErrorCode, LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { safeLine } from '../base/redact.ts'
import { isMachine, kindOf } from '../chart/machine-shape.ts'
import { watchImport } from './viz-watch.ts'

export interface FoundMachine {
  /** Name of the export; `default` is one. */
  readonly name: string
  readonly machine: unknown
}

const readable = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']

/**
 * @param name of the export; undefined: the default export, or the only machine that there is.
 * @throws LazaretError OPTION_INVALID, MACHINE_INVALID.
 */
export async function loadMachine(file: string, name: string | undefined): Promise<FoundMachine> {
  const path = resolve(file)
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!existsSync(path) || stat === undefined) {
    throw new LazaretError('OPTION_INVALID', `there is no file ${path}`, {
      hint: 'Name the file that exports the machine: lazaret viz src/machine.ts',
    })
  }
  if (!stat.isFile() || !readable.includes(extname(path))) {
    throw new LazaretError('OPTION_INVALID', `only files of JavaScript and TypeScript are read. Got: ${path}`, {
      hint: `Accepted: ${readable.join(', ')}. One with JSX must be compiled first.`,
    })
  }
  return machineIn(await imported(path), name, file)
}

async function imported(path: string): Promise<Record<string, unknown>> {
  let timer: NodeJS.Timeout | undefined
  const seconds = limits.vizImportMs / 1000
  const unwatch = await watchImport(
    `${safeLine(path)} has been running its own code for ${seconds} s, and does not end.\nExport the machine from a file that only defines it.\n`,
    limits.vizImportMs + limits.vizImportGraceMs,
  )
  const late = new Promise<never>((_, reject) => {
    const text = `${path} has not finished being imported after ${seconds} s`
    const hint = 'It awaits something at its top level. Export the machine from a file that does not.'
    timer = setTimeout(() => reject(new LazaretError('MACHINE_INVALID', text, { hint })), limits.vizImportMs)
  })
  try {
    return (await Promise.race([import(pathToFileURL(path).href), late])) as Record<string, unknown>
  } catch (thrown) {
    if (thrown instanceof LazaretError && isErrorCode(thrown.code)) throw thrown
    throw importFailure(thrown, path)
  } finally {
    clearTimeout(timer)
    await unwatch()
  }
}

/** What a file failed with when it was imported, in its own words, and what can be done. */
export function importFailure(thrown: unknown, path: string): LazaretError {
  const error: { code?: unknown; name?: unknown; message?: unknown } =
    thrown instanceof Error ? thrown : { name: 'It threw', message: String(thrown) }
  const words = String(error.message).split('\n').at(0)?.trim() ?? ''
  const known = knownFailures.find(({ code }) => code === error.code)
  const text =
    known === undefined
      ? `${path} could not be imported. ${String(error.name)}: ${words}`
      : `${path} ${known.says}. ${words}`
  return new LazaretError('MACHINE_INVALID', text, {
    hint: known?.hint ?? 'Its own code failed while it was imported; mend it, or export the machine from another file.',
    cause: thrown,
  })
}

const compileFirst =
  'Compile it first (npx esbuild machine.ts --bundle --format=esm --outfile=machine.js), and draw that.'

const knownFailures: readonly { code: string; says: string; hint: string }[] = [
  {
    code: 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
    says: 'has TypeScript that Node.js cannot strip: enums, namespaces, parameter properties',
    hint: `Write an enum as an object (as const). ${compileFirst}`,
  },
  {
    code: 'ERR_INVALID_TYPESCRIPT_SYNTAX',
    says: 'or a file that it imports is no valid TypeScript',
    hint: 'See what the compiler says of it: npx tsc --noEmit',
  },
  {
    code: 'ERR_MODULE_NOT_FOUND',
    says: 'imports what is not there',
    hint: `Node.js finds a relative import only with its extension ('./guards.ts'), a package only when it is installed. ${compileFirst}`,
  },
  {
    code: 'ERR_UNSUPPORTED_DIR_IMPORT',
    says: 'imports a folder',
    hint: `Node.js imports files only ('./guards/index.ts'). ${compileFirst}`,
  },
  {
    code: 'ERR_UNKNOWN_FILE_EXTENSION',
    says: 'imports a file that is neither JavaScript nor TypeScript',
    hint: compileFirst,
  },
  {
    code: 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
    says: 'is TypeScript below node_modules, which Node.js does not read',
    hint: compileFirst,
  },
]

/**
 * The default export, or the only machine; `name` says which where there are several.
 * @throws LazaretError OPTION_INVALID, MACHINE_INVALID.
 */
export function machineIn(
  exported: Readonly<Record<string, unknown>>,
  name: string | undefined,
  file: string,
): FoundMachine {
  const all = Object.entries(exported).filter(([key]) => key !== 'module.exports')
  const machines = all.filter(([, value]) => isMachine(value))
  if (name !== undefined) return named(name, all, machines, file)
  const byDefault = machines.find(([key]) => key === 'default')
  const [first] = machines
  if (byDefault !== undefined) return { name: 'default', machine: byDefault[1] }
  if (first === undefined) {
    const rest = all.length === 0 ? 'nothing at all' : all.map(([key, value]) => `${key} (${kindOf(value)})`).join(', ')
    throw new LazaretError('MACHINE_INVALID', `${file} exports no machine of XState v5. It exports: ${rest}`, {
      hint: 'Export what createMachine() or setup().createMachine() returns. Functions are not called.',
    })
  }
  if (new Set(machines.map(([, value]) => value)).size > 1) {
    throw new LazaretError('OPTION_INVALID', `${file} exports several machines: ${namesOf(machines)}`, {
      hint: `Say which: lazaret viz ${file} --export ${first[0]}`,
    })
  }
  return { name: first[0], machine: first[1] }
}

type Entries = readonly (readonly [string, unknown])[]

function named(name: string, all: Entries, machines: Entries, file: string): FoundMachine {
  const entry = all.find(([key]) => key === name)
  if (entry !== undefined && isMachine(entry[1])) return { name, machine: entry[1] }
  const got =
    entry === undefined
      ? `${file} exports no ${name}`
      : `${name} of ${file} is no machine of XState v5. Got: ${kindOf(entry[1])}`
  throw new LazaretError('OPTION_INVALID', got, {
    hint: machines.length === 0 ? 'It exports no machine at all.' : `Machines that it exports: ${namesOf(machines)}`,
  })
}

function namesOf(entries: Entries): string {
  return entries.map(([key]) => key).join(', ')
}
