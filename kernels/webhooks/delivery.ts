/**
 * One message on its way: what it must be, where it may go, how it is signed, and one attempt to post it. Who repeats an
 * attempt, and how often, is in kernel.ts.
 */
import { createHmac } from 'node:crypto'

export interface Message {
  /** An http or https URL whose host is on the list. */
  to: string
  subject: string
  body: string
  /** Told to the receiver with every attempt, so that it can leave out what it has already. Default: a new one. */
  id?: string
}

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, cause === undefined ? {} : { cause }), { code })
}

/** Failed, and may succeed later. */
export class Retryable extends Error {}

const most = { urlChars: 2048, subjectChars: 500, bodyChars: 262_144 }

export function readMessage(message: unknown): Message {
  const { to, subject, body, id } = Object(message) as Partial<Message>
  const need = (value: unknown, name: string, max: number, min = 1): string => {
    if (typeof value === 'string' && value.length >= min && value.length <= max) return value
    const got = typeof value === 'string' ? `${value.length} characters` : typeof value
    throw refusal('INVALID_ARGUMENT', `${name} must be a text of ${min} to ${max} characters. Got: ${got}`)
  }
  const read: Message = {
    to: need(to, 'to', most.urlChars),
    subject: need(subject, 'subject', most.subjectChars),
    body: need(body, 'body', most.bodyChars, 0),
  }
  if (id === undefined) return read
  // It becomes a header's value, and a part of a file's name where the outbox stands in.
  if (typeof id === 'string' && /^\w[\w.-]{0,99}$/.test(id)) return { ...read, id }
  throw refusal(
    'INVALID_ARGUMENT',
    'id must be 1 to 100 letters, digits, dots, _ and -, and begin with neither a dot nor a -.',
  )
}

/** @param allow hosts, each with its port where it is not the scheme's own. */
export function readTarget(to: string, allow: readonly string[]): URL {
  const url = URL.parse(to)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw refusal('INVALID_URL', `to: accepted is an http or https URL. Got: ${url?.protocol ?? 'no URL'}`)
  }
  if (url.username !== '' || url.password !== '') {
    throw refusal('INVALID_URL', 'to: a URL with a name or a password in it is not accepted.')
  }
  if (allow.includes(url.host)) return url
  const accepted = allow.length === 0 ? 'none (config.allow is empty)' : allow.join(', ')
  throw refusal('HOST_NOT_ALLOWED', `to: accepted are the hosts ${accepted}. Got: ${url.host}`)
}

/** The receiver reckons it again: HMAC-SHA256 over the time, a dot and the posted text, to the byte. */
export function signatureOf(secret: string, timestamp: string, payload: string): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.${payload}`).digest('hex')}`
}

export interface Post {
  url: URL
  headers: Record<string, string>
  payload: string
}

/** Returns the status where the receiver took it. @throws Retryable, or a refusal where trying again is of no use. */
export async function post({ url, headers, payload }: Post, timeoutMs: number, stopped: AbortSignal): Promise<number> {
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(timeoutMs)])
  let status: number
  try {
    // A redirect is not followed: it may lead to a host that is not on the list.
    const response = await fetch(url, { method: 'POST', headers, body: payload, redirect: 'manual', signal })
    status = response.status
    await response.body?.cancel()
  } catch (error) {
    if (stopped.aborted) throw refusal('STOPPING', 'The kernel is being stopped.', error)
    const { message, cause } = error as Error
    const reason = cause instanceof Error ? cause.message || String(Reflect.get(cause, 'code')) : message
    throw new Retryable(`no answer: ${reason}`, { cause: error })
  }
  if (status >= 200 && status < 300) return status
  if (status >= 500 || status === 429 || status === 408) throw new Retryable(`answered with ${status}`)
  throw refusal('DELIVERY_REFUSED', `${url.host} does not take the message: it answered with ${status}.`)
}
