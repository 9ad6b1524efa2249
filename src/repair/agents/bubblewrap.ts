/**
 * bubblewrap around a coding agent, where it is installed and works: it reads what the host's user reads but for the
 * home folder, /tmp and what is hidden, and writes to its own folders only. Its network stays on, since it needs its
 * endpoint. The wall around candidates is another, and thicker: see ../bubblewrap.ts.
 */
import { existsSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, isAbsolute, join, sep } from 'node:path'
import { type Bubblewrap, tryBubblewrap } from '../bubblewrap.ts'

export interface Wrapping {
  /** May be written to. Absolute paths without links. */
  readonly writable: readonly string[]
  /** May be read although they lie in what is hidden. */
  readonly bind: readonly string[]
  /** Hidden besides the home folder and /tmp. */
  readonly hidden: readonly string[]
  /** The program's PATH. */
  readonly path: string
}

let found: Bubblewrap | undefined

/** Whether an agent can be put in it. Tried once in a thread: a container may forbid what bubblewrap needs. */
export function bubblewrapForAgents(): Bubblewrap {
  found ??= tryBubblewrap(() => [...namespaces, ...everythingReadOnly])
  return found
}

/** Everything but the network; the whole tree of processes ends with its first. */
const namespaces = [
  ...['--unshare-user-try', '--unshare-ipc', '--unshare-pid', '--unshare-uts', '--unshare-cgroup-try'],
  ...['--share-net', '--die-with-parent', '--new-session'],
]
const everythingReadOnly = ['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc']

/** Arguments of bubblewrap that run `run` inside. @param cwd one of the writable folders. */
export function wrapArguments(run: readonly string[], cwd: string, wrapping: Wrapping): string[] {
  const { writable, bind, hidden, path } = wrapping
  const masked = [...new Set(['/tmp', '/var/tmp', homedir()].flatMap(real))].filter((it) => it !== sep)
  const isMasked = (file: string) => masked.some((folder) => file === folder || file.startsWith(folder + sep))
  const readable = [...programPlaces(run[0] ?? '', path, masked), ...bind]
    .flatMap((path) => [path, ...real(path)])
    .filter(isMasked)
  return [
    ...namespaces,
    ...everythingReadOnly,
    ...masked.flatMap((folder) => ['--tmpfs', folder]),
    ...[...new Set(readable)].flatMap((folder) => ['--ro-bind-try', folder, folder]),
    // After what is bound, since that may hold it.
    ...hidden.flatMap(real).flatMap((folder) => ['--tmpfs', folder]),
    ...writable.flatMap((folder) => ['--bind', folder, folder]),
    ...['--chdir', cwd, '--', ...run],
  ]
}

/** Where a path leads; nowhere where it is not there. */
function real(path: string): string[] {
  return existsSync(path) ? [realpathSync(path)] : []
}

/**
 * The folders of the program, by its name on the PATH too, and of what its link leads to. Alone where that folder is
 * hidden as a whole: a script in the home folder must not uncover it.
 */
function programPlaces(program: string, path: string, masked: readonly string[]): string[] {
  const places = isAbsolute(program) ? [program] : path.split(delimiter).map((folder) => join(folder, program))
  const found = places.find((place) => isAbsolute(place) && existsSync(place))
  const placeOf = (file: string) => (masked.includes(dirname(file)) ? file : dirname(file))
  return found === undefined ? [] : [found, realpathSync(found)].map(placeOf)
}
