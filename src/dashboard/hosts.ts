/**
 * Under which names the dashboard answers. A page from elsewhere can give its own name the address of this machine (DNS
 * rebinding), and a browser then takes the two for one; but it says the name, and that name is not on the list. An
 * address in numbers has no name that could be bound anew, so those of this machine are accepted where it listens on all.
 */
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

export interface HostName {
  /** Lower case; an IPv6 address in brackets. */
  readonly name: string
  readonly port?: number
}

const loopback = ['localhost', '127.0.0.1', '[::1]']
const unspecified = new Set(['0.0.0.0', '[::]'])

/** Undefined where it is no host name; a header that was sent twice is none either. */
export function parseHost(text: string): HostName | undefined {
  const match = /^(\[[\da-f:.]+\]|[a-z\d._-]+)(?::(\d{1,5}))?$/i.exec(text)
  if (match?.[1] === undefined) return undefined
  const name = match[1].startsWith('[') ? asBrowsersSay(match[1]) : match[1].toLowerCase()
  return match[2] === undefined ? { name } : { name, port: Number(match[2]) }
}

export type IsAccepted = (host: HostName, standardPort: number) => boolean

/**
 * @param bound where it listens itself; absent where it is mounted in another server, whose port it does not know.
 * @param more as the option `hosts`.
 */
export function acceptedHosts(
  bound: { address: string; port: number } | undefined,
  more: readonly string[],
): IsAccepted {
  const extra = more.flatMap((text) => parseHost(text) ?? [])
  const own = new Set(loopback)
  if (bound !== undefined) {
    const addresses = unspecified.has(inUrl(bound.address)) ? addressesOfMachine() : [bound.address]
    for (const address of addresses) own.add(inUrl(address).toLowerCase())
  }
  return ({ name, port }, standardPort) => {
    const at = port ?? standardPort
    if (own.has(name) && (bound === undefined || bound.port === at)) return true
    return extra.some((one) => one.name === name && (one.port === undefined || one.port === at))
  }
}

/** An IPv6 address has many spellings, and browsers send one: `[::1]` for `[0:0:0:0:0:0:0:1]`. */
function asBrowsersSay(bracketed: string): string {
  return URL.parse(`http://${bracketed}`)?.hostname ?? bracketed.toLowerCase()
}

/** As it stands in a URL. */
export function inUrl(address: string): string {
  return isIP(address) === 6 ? asBrowsersSay(`[${address}]`) : address
}

/** What a person on this machine types to reach it. */
export function reachable(address: string): string {
  const host = inUrl(address)
  return unspecified.has(host) ? '127.0.0.1' : host
}

function addressesOfMachine(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) => list?.map(({ address }) => address) ?? [])
}
