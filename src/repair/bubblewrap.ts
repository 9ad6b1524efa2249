/**
 * Whether bubblewrap works here, and what every process in it is given: namespaces of its own, the system's libraries and
 * the Node.js that runs us. That it is installed says little: a container may forbid namespaces, so it is tried out, once.
 * What else a process may see is for the caller to add.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { delimiter, dirname, join, resolve, sep } from 'node:path'

export type Bubblewrap =
  | { readonly path: string }
  | { readonly path?: undefined; readonly installed: boolean /** A clause. */; readonly why: string }

let found: Bubblewrap | undefined

/** Whether candidates can be walled in. Tried at the first call; the answer is kept for this thread. */
export function bubblewrapHere(): Bubblewrap {
  found ??= tryBubblewrap(() => [...wallArguments(), ...bindReadOnly(runtimePaths()), '--remount-ro', '/'])
  return found
}

const tryMs = 10_000
const whyChars = 200

/** Runs Node.js in it once, which takes some 15 ms. @param wall its arguments, asked for where it is installed. */
export function tryBubblewrap(wall: () => readonly string[]): Bubblewrap {
  if (process.platform !== 'linux') return { installed: false, why: `there is none for ${process.platform}` }
  const path = onPath('bwrap')
  if (path === undefined) return { installed: false, why: 'bwrap is not installed' }
  const { status, error, stderr } = spawnSync(path, [...wall(), '--', process.execPath, '--version'], {
    ...{ env: {}, timeout: tryMs, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] },
  })
  if (status === 0) return { path }
  const said = error?.message ?? (stderr.trim() || `exit code ${status}`)
  return { installed: true, why: `${path} does not work here: ${said.slice(0, whyChars)}` }
}

function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith(sep))
  return [...folders, '/usr/bin', '/usr/local/bin'].map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // Not this one.
    return false
  }
}

/**
 * The candidate is process 1 of its namespace, so the pid that bubblewrap tells is its own. It has no network, no
 * capabilities, no terminal, no environment, and a /tmp, /proc and /dev of its own.
 */
export function wallArguments(): string[] {
  return [
    ...['--unshare-all', '--die-with-parent', '--new-session', '--as-pid-1', '--clearenv', '--cap-drop', 'ALL'],
    ...['--hostname', 'sandbox', '--tmpfs', '/tmp', '--proc', '/proc', '--dev', '/dev'],
  ]
}

const libraryFolders = ['/usr/lib', '/usr/lib32', '/usr/lib64', '/lib', '/lib32', '/lib64', '/nix/store', '/gnu/store']
/** By which native code finds libraries, the user's name and the time zone. JavaScript may not read them all the same. */
const systemFiles = ['/etc/ld.so.cache', '/etc/passwd', '/etc/group', '/etc/localtime', '/usr/share/zoneinfo']

/** What Node.js itself needs; those of the list that are there. */
export function runtimePaths(): string[] {
  const elsewhere = mappedLibraries().filter((file) => !libraryFolders.some((folder) => isBelow(file, folder)))
  return [...libraryFolders, ...systemFiles, process.execPath, ...elsewhere]
}

/** Shared libraries that this process has loaded. */
function mappedLibraries(): string[] {
  const maps = readFileSync('/proc/self/maps', 'utf8')
  return [...new Set([...maps.matchAll(/ (\/[^\n]+\.so(?:\.[0-9.]+)?)$/gm)].map((match) => match[1] ?? ''))]
}

const linksFollowed = 40

/** Arguments that show these files and folders under their own names, links as links. What is not there is left out. */
export function bindReadOnly(paths: readonly string[]): string[] {
  const links = new Map<string, string>()
  const real = new Set<string>()
  for (const path of paths) {
    const end = follow(path, links)
    if (end !== undefined) real.add(end)
  }
  const roots = withoutNested([...real])
  const isShown = (path: string) => roots.some((root) => path === root || isBelow(path, root))
  return [
    ...roots.flatMap((path) => ['--ro-bind-try', path, path]),
    ...[...links].flatMap(([path, target]) => (isShown(path) ? [] : ['--symlink', target, path])),
  ]
}

/** Those that lie below no other; sorted. */
export function withoutNested(paths: readonly string[]): string[] {
  const kept: string[] = []
  // Sorted with the separator lowest, whatever is below a folder follows it at once.
  const key = (path: string) => path.replaceAll(sep, '\0')
  for (const path of [...new Set(paths)].sort((a, b) => (key(a) < key(b) ? -1 : 1))) {
    const last = kept.at(-1)
    if (last === undefined || !isBelow(path, last)) kept.push(path)
  }
  return kept
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)
}

/** Where a path leads; the links on the way are noted under their real places. Undefined where there is nothing. */
function follow(path: string, links: Map<string, string>): string | undefined {
  const left = path.split(sep).filter((name) => name !== '')
  let place: string = sep
  let followed = 0
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    const next = join(place, name)
    const entry = lstatSync(next, { throwIfNoEntry: false })
    if (entry === undefined) return undefined
    if (!entry.isSymbolicLink()) {
      place = next
      continue
    }
    followed += 1
    if (followed > linksFollowed) return undefined
    const target = readlinkSync(next)
    links.set(next, target)
    left.unshift(
      ...resolve(dirname(next), target)
        .split(sep)
        .filter((part) => part !== ''),
    )
    place = sep
  }
  return place
}
