/**
 * Where alerts go: what a person wrote, checked. URL and headers may hold credentials, so no message shows more of them
 * than scheme and host.
 */
import { LazaretError } from '../base/errors.ts'
import { showValue } from '../base/input-problem.ts'
import { type AlertFormat, alertFormats } from './alert.ts'

export interface AlertOptions {
  /** http or https. `http://user:password@host/` is sent as basic authorization. */
  url: string | URL
  /**
   * `webhook`: what Alertmanager posts to its webhook receivers, version 4, which most receivers of alerts understand.
   * `api`: what Alertmanager itself takes. Default: `api` for a URL that ends in `/api/v2/alerts`, else `webhook`.
   */
  format?: AlertFormat
  /** Sent with every alert, such as `{ authorization: 'Bearer ...' }`. They are never shown. Default: none. */
  headers?: Record<string, string>
}

export interface AlertTarget {
  readonly url: URL
  readonly format: AlertFormat
  readonly headers: Readonly<Record<string, string>>
}

/** They frame the message, which is the sender's business. */
const ownHeaders: ReadonlySet<string> = new Set([
  ...['connection', 'content-length', 'content-type', 'expect', 'transfer-encoding', 'upgrade'],
])
const keys = ['url', 'format', 'headers'] as const

/** @throws LazaretError OPTION_INVALID, without the credentials that were given. */
export function checkAlertOptions(given: AlertOptions): AlertTarget {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw refusal('alerts', 'an object with a url', showValue(given))
  const unknown = Object.keys(given).find((key) => !keys.some((known) => known === key))
  if (unknown !== undefined) throw refusal('alerts', `an object of ${keys.join(', ')}`, `the key ${showValue(unknown)}`)
  const url = checkUrl(given.url)
  const { format = url.pathname.endsWith('/api/v2/alerts') ? 'api' : 'webhook', headers = {} } = given
  if (!alertFormats.includes(format)) {
    throw refusal('alerts.format', alertFormats.map((name) => `'${name}'`).join(' or '), showValue(format))
  }
  return { url, format, headers: checkHeaders(headers) }
}

function checkUrl(given: unknown): URL {
  const accepted = 'a URL that begins with http:// or https://'
  if (typeof given !== 'string' && !(given instanceof URL)) throw refusal('alerts.url', accepted, typeName(given))
  const url = URL.parse(String(given))
  if (url === null) throw refusal('alerts.url', accepted, shownHost(String(given)))
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw refusal('alerts.url', accepted, `a URL that begins with ${showValue(url.protocol)}`)
  if (!isDecodable(url.username) || !isDecodable(url.password)) {
    throw refusal('alerts.url', 'a URL whose % in user and password is written %25', 'another (not shown)')
  }
  return url
}

/** Node.js decodes both to send them, and throws where a % stands for itself. */
function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    // A refusal that says how to write it follows.
    return false
  }
}

/** Text that is no URL, without its path and without what stands before an @: both may be secret. */
function shownHost(text: string): string {
  const [host = ''] = text.replace(/^[a-z]+:\/\//i, '').split(/[/?#]/)
  const short = host.replace(/^.*@/, '')
  return showValue(short.length === text.length ? short : `${short}...`)
}

function checkHeaders(given: unknown): Record<string, string> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw refusal('alerts.headers', 'an object of names and texts', typeName(given))
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(given)) {
    const where = `alerts.headers[${showValue(name)}]`
    if (typeof value !== 'string') throw refusal(where, 'a text', typeName(value))
    if (ownHeaders.has(name.toLowerCase())) throw refusal(where, 'left to lazaret, which sets it', 'a text')
    if (!isSendable(name, value)) {
      const accepted = 'a header as HTTP allows it: a name of letters, digits and dashes, a value on one line'
      throw refusal(where, accepted, 'another (not shown: it may be secret)')
    }
    headers[name] = value
  }
  return headers
}

/** What Node.js itself sends and does not throw at: RFC 9110's token, and text of Latin-1 without controls but tab. */
function isSendable(name: string, value: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && !/[^\t\x20-\x7e\x80-\xff]/.test(value)
}

function typeName(value: unknown): string {
  return value === undefined || value === null ? 'nothing' : `a value of type ${typeof value}`
}

function refusal(option: string, accepted: string, got: string): LazaretError {
  return new LazaretError('OPTION_INVALID', `${option} must be ${accepted}. Got: ${got}.`, {
    details: { option, accepted },
    hint: "For example: createRuntime({ alerts: { url: 'http://127.0.0.1:9095/alerts' } }), or --alert-url <url>",
  })
}
