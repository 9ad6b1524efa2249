/**
 * The page's line to its server: questions and commands as posts, the stream of events as one long answer. Everything is
 * relative to where the page lies, so it works under any prefix; nothing else is ever asked for.
 */
import type { ErrorRecord } from '../../base/error-record.ts'
import type { ControlOp } from '../../control/protocol.ts'
import type { Frame, Opening } from '../wire.ts'

const token = document.querySelector<HTMLMetaElement>('meta[name="lazaret-token"]')?.content ?? ''

/** What the server has refused, in its words. */
export class Refused extends Error {
  readonly record: Pick<ErrorRecord, 'code' | 'message' | 'hint'>
  readonly status: number

  constructor(status: number, record: Pick<ErrorRecord, 'code' | 'message' | 'hint'>) {
    super(record.message)
    this.status = status
    this.record = record
  }
}

const unanswered = {
  code: 'CONTROL_FAILED',
  message: 'The runtime does not answer.',
  hint: 'This page goes on by itself when it does.',
} as const

async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...(init.headers as Record<string, string>), ...(token && { authorization: `Bearer ${token}` }) }
  const response = await fetch(path, { ...init, headers, cache: 'no-store' }).catch((thrown: unknown) => {
    if (init.signal?.aborted === true) throw thrown
    // In words of ours: each browser has its own for it.
    throw new Refused(0, unanswered)
  })
  if (response.ok) return response
  // Something between page and server may have answered in its place.
  const said = (await response.json().catch(() => undefined)) as { error?: ErrorRecord } | undefined
  throw new Refused(
    response.status,
    said?.error ?? { code: 'CONTROL_FAILED', message: `The server answered ${response.status}.` },
  )
}

/** An op of the control protocol. `T` is what it is known to answer. @throws Refused */
export async function ask<T>(op: Exclude<ControlOp, 'events'>, params: Record<string, unknown> = {}): Promise<T> {
  const response = await request(`api/ops/${op}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(params),
  })
  return ((await response.json()) as { result: T }).result
}

/** @throws Refused */
export async function read<T>(path: string): Promise<T> {
  return (await (await request(path)).json()) as T
}

export const opening = (): Promise<Opening> => read<Opening>('api/state')

/**
 * Frames until the connection ends. @param after the last event that is known.
 * @throws Refused; of status 0 where nobody answers.
 */
export function frames(after: number, signal: AbortSignal): AsyncGenerator<Frame> {
  return parts<Frame>('api/events', { headers: { 'last-event-id': String(after) }, signal })
}

/** The data of each server-sent event until the connection ends. `T` is what it is known to be. @throws Refused */
export async function* parts<T>(path: string, init: RequestInit): AsyncGenerator<T> {
  const response = await request(path, init)
  if (response.body === null) return
  let buffered = ''
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    buffered += value
    const blocks = buffered.split('\n\n')
    buffered = blocks.pop() ?? ''
    for (const block of blocks) {
      const data = block.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []))
      if (data.length > 0) yield JSON.parse(data.join('\n')) as T
    }
  }
}
