/**
 * bubblewrap around a coding agent, where it is installed and works: it reads what the host's user reads but for the
 * home folder, /tmp and what is hidden, and writes to its own folders only. Its network stays on, since it needs its
 * endpoint. This is not the cage that candidates are tried in: that one is the sandbox's.
 */
import { spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, isAbsolute, join, sep } from 'node:path'
import { limits } from '../../base/limits.ts'

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

let works: Promise<boolean> | undefined

/** Tried once in a process: a container may forbid what bubblewrap needs. */
export function bubblewrapWorks(): Promise<boolean> {
  works ??= new Promise<boolean>((resolve) => {
    const args = [...namespaces, '--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', 'true']
    const child = spawn('bwrap', args, { stdio: 'ignore', timeout: limits.systemProbeMs })
    child.on('error', () => resolve(false))
    child.on('close', (code) => resolve(code === 0))
  })
  return works
}

/** Everything but the network; the whole tree of processes ends with its first. */
const namespaces = [
  ...['--unshare-user-try', '--unshare-ipc', '--unshare-pid', '--unshare-uts', '--unshare-cgroup-try'],
  ...['--share-net', '--die-with-parent', '--new-session'],
]

/** The command line that runs `run` inside. @param cwd one of the writable folders. */
export function wrapped(run: readonly string[], cwd: string, { writable, bind, hidden, path }: Wrapping): string[] {
  const masked = [...new Set(['/tmp', '/var/tmp', homedir(), ...hidden].flatMap(real))].filter((it) => it !== sep)
  const isMasked = (file: string) => masked.some((folder) => file === folder || file.startsWith(folder + sep))
  const readable = [...programFolders(run[0] ?? '', path), ...bind]
    .flatMap((path) => [path, ...real(path)])
    .filter(isMasked)
  return [
    'bwrap',
    ...namespaces,
    ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc'],
    ...masked.flatMap((folder) => ['--tmpfs', folder]),
    ...[...new Set(readable)].flatMap((folder) => ['--ro-bind-try', folder, folder]),
    ...writable.flatMap((folder) => ['--bind', folder, folder]),
    ...['--chdir', cwd, '--', ...run],
  ]
}

/** Where a path leads; nowhere where it is not there. */
function real(path: string): string[] {
  return existsSync(path) ? [realpathSync(path)] : []
}

/** Where the program is, by its name on the PATH too, and what its link leads to. */
function programFolders(program: string, path: string): string[] {
  const places = isAbsolute(program) ? [program] : path.split(delimiter).map((folder) => join(folder, program))
  const found = places.find((place) => isAbsolute(place) && existsSync(place))
  return found === undefined ? [] : [dirname(found), dirname(realpathSync(found))]
}
