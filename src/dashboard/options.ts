/** What serveDashboard and dashboardHandler accept, each value with the words that say so when it is another. */
import { isIP } from 'node:net'
import { LazaretError } from '../base/errors.ts'

interface SharedOptions {
  /** Everything is shown, and commands are refused. Default false. */
  readonly readOnly?: boolean
  /**
   * Further names under which it may be reached, as a browser's `Host` says them: `lazaret.example` with any port,
   * `lazaret.example:8443` with this one. Every other name is refused, so that no page from elsewhere reaches it by
   * giving its own name the address of this machine. Default: none but those of the loopback address and of `host`.
   */
  readonly hosts?: readonly string[]
  /** 22 to 256 characters of A-Z, a-z, 0-9, `.`, `_`, `~` and `-`. Default: 32 random bytes, others at each start. */
  readonly token?: string
}

export interface DashboardOptions extends SharedOptions {
  /** 0 to 65535; 0 is any free one. Default 0. */
  readonly port?: number
  /**
   * Address to listen on. Default `127.0.0.1`: this machine only. With another one whoever reaches this machine may try,
   * the line is not encrypted, and the token is all that holds them off: put a proxy with TLS before it.
   */
  readonly host?: string
}

export interface DashboardHandlerOptions extends SharedOptions {
  /** Path under which it is mounted: `/lazaret`. Default `/`. */
  readonly prefix?: string
}

interface Accepted {
  readonly words: string
  test(value: unknown): boolean
}

const hostNamePattern = /^(?:\[[\da-f:.]+\]|[a-z\d](?:[a-z\d._-]*[a-z\d])?)(?::\d{1,5})?$/i
const isText = (value: unknown): value is string => typeof value === 'string'

const shared: Readonly<Record<string, Accepted>> = {
  readOnly: { words: 'true or false', test: (value) => typeof value === 'boolean' },
  hosts: {
    words: 'a list of host names, each with or without a port',
    test: (value) => Array.isArray(value) && value.every((name) => isText(name) && hostNamePattern.test(name)),
  },
  token: {
    words: '22 to 256 characters of A-Z, a-z, 0-9, ".", "_", "~" and "-"',
    test: (value) => isText(value) && /^[\w.~-]{22,256}$/.test(value),
  },
}

const served: Readonly<Record<string, Accepted>> = {
  ...shared,
  port: {
    words: 'a whole number from 0 to 65535; 0 is any free port',
    test: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535,
  },
  host: {
    words: 'an address of this machine, or its name',
    test: (value) => isText(value) && (isIP(value) !== 0 || (hostNamePattern.test(value) && !value.includes(':'))),
  },
}

const mounted: Readonly<Record<string, Accepted>> = {
  ...shared,
  prefix: {
    words: 'a path such as /lazaret, of letters, digits, ".", "_", "~", "-" and "/"',
    test: (value) =>
      isText(value) && /^\/(?:[\w.~-]+(?:\/[\w.~-]+)*\/?)?$/.test(value) && !/\/\.{1,2}(?:\/|$)/.test(value),
  },
}

/** @throws LazaretError OPTION_INVALID */
export function checkDashboardOptions(options: DashboardOptions): DashboardOptions {
  return check('serveDashboard', served, options)
}

/** @throws LazaretError OPTION_INVALID */
export function checkHandlerOptions(options: DashboardHandlerOptions): DashboardHandlerOptions {
  return check('dashboardHandler', mounted, options)
}

function check<T extends object>(name: string, kinds: Readonly<Record<string, Accepted>>, options: T): T {
  if (typeof options !== 'object' || options === null) {
    throw new LazaretError('OPTION_INVALID', `${name} takes an object of options. Got: ${typeof options}.`)
  }
  for (const [key, value] of Object.entries(options)) {
    const accepted = Object.hasOwn(kinds, key) ? kinds[key] : undefined
    if (accepted === undefined) {
      const known = Object.keys(kinds).join(', ')
      throw new LazaretError('OPTION_INVALID', `${name} has no option ${JSON.stringify(key)}. It has: ${known}.`)
    }
    if (value === undefined || accepted.test(value)) continue
    // A token that is nearly right is still somebody's secret.
    const got = key === 'token' ? `a ${typeof value}` : typeof value === 'function' ? 'function' : JSON.stringify(value)
    throw new LazaretError('OPTION_INVALID', `${key} must be ${accepted.words}. Got: ${got}.`)
  }
  return options
}
