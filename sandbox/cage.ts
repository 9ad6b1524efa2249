/**
 * Telling a kernel's own failure from one that the cage caused. A kernel that needs SQLite, a socket or a file of the
 * host cannot be tried here; nothing is known about it then, and a person has to look.
 */
import type { ErrorRecord } from '../src/base/error-record.ts'

const needOfFlag: Readonly<Record<string, string>> = {
  '--allow-fs-read': 'to read files outside its folder',
  '--allow-fs-write': 'to write files outside its data folder',
  '--allow-child-process': 'to start a process',
  '--allow-worker': 'to start a thread',
  '--allow-net': 'the network',
  '--allow-addons': 'a native addon',
  '--allow-wasi': 'WASI',
  '--allow-inspector': 'the inspector',
  '--allow-ffi': 'foreign functions',
}

const causesFollowed = 8

export interface Circumstances {
  /** The error itself, where it is at hand: Node puts the file's name on it. */
  readonly thrown?: unknown
  readonly inBubblewrap?: boolean
}

/** What the cage withheld, where that is why this error came up; undefined where it is not. */
export function cageNeed(
  record: ErrorRecord,
  { thrown, inBubblewrap = false }: Circumstances = {},
): string | undefined {
  let link: ErrorRecord | undefined = record
  let live: unknown = thrown
  const needOf = (error: ErrorRecord, itself: unknown) =>
    needOfPermission(error, itself) ?? (inBubblewrap ? needOfBubblewrap(error) : undefined)
  for (let depth = 0; link !== undefined && depth < causesFollowed; depth += 1) {
    const need = needOf(link, live)
    if (need !== undefined) return need
    for (const member of link.errors ?? []) {
      const ofMember = needOf(member, undefined)
      if (ofMember !== undefined) return ofMember
    }
    link = link.cause
    live = readFrom(live, 'cause')
  }
  return undefined
}

function needOfPermission(record: ErrorRecord, thrown: unknown): string | undefined {
  if (record.code === 'ERR_DLOPEN_DISABLED') return needOfFlag['--allow-addons']
  if (record.code === 'ERR_UNKNOWN_BUILTIN_MODULE' && record.message.includes('sqlite')) return 'node:sqlite'
  if (record.code !== 'ERR_ACCESS_DENIED') return undefined
  // A name look-up is refused by the resolver, in words that name no flag.
  if (record.message.startsWith('getaddrinfo')) return needOfFlag['--allow-net']
  const flag = /--allow-[a-z-]+/.exec(record.message)?.[0]
  const need =
    (flag === undefined ? undefined : needOfFlag[flag]) ?? `what the permission model denies: ${record.message}`
  const resource = readFrom(thrown, 'resource')
  return typeof resource === 'string' && resource.startsWith('/') ? `${need} (${resource})` : need
}

/**
 * The permission model is asked first and refuses nearly everything. On Node.js 24 only bubblewrap withholds the network:
 * what lies on other machines cannot be reached, while a refused connection to this one may be the kernel's own failure.
 * What is not found may be hidden, see hidden.ts.
 */
function needOfBubblewrap({ code }: ErrorRecord): string | undefined {
  return code === 'ENETUNREACH' || code === 'EAI_AGAIN' ? needOfFlag['--allow-net'] : undefined
}

function readFrom(source: unknown, key: string): unknown {
  if (typeof source !== 'object' || source === null) return undefined
  try {
    return Reflect.get(source, key)
  } catch {
    // A candidate's error with a getter that throws: its record has said what there is to say.
    return undefined
  }
}
