/**
 * One POST on a connection of its own, which is closed when the answer is there: an alert is rare, and nothing is kept
 * open for the next one. Redirects are answers like any other, so credentials go to the given host only.
 */
import type { AlertTarget } from './alert-options.ts'

/**
 * Resolves with the status of the answer, whose body is thrown away.
 * @throws the system's error, as its code and message only, or that of the signal.
 */
export async function postJson(
  { url, headers }: Pick<AlertTarget, 'url' | 'headers'>,
  body: string,
  signal: AbortSignal,
): Promise<number> {
  // They take 40 ms to load, which a runtime without alerts is spared.
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  const own = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), connection: 'close' }
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent: false, headers: { ...headers, ...own }, signal }, (answer) => {
      const { statusCode = 0 } = answer
      // It has decided: a body that breaks off, or goes on until the signal ends it, changes nothing.
      answer.on('error', () => resolve(statusCode))
      answer.on('close', () => resolve(statusCode))
      answer.resume()
    })
    sent.on('error', (error) => reject(bare(error)))
    sent.end(body)
  })
}

/** Without what else Node.js hangs on it. A host of several addresses fails with one error for each, and no message. */
function bare(error: Error): Error {
  const [first] = error instanceof AggregateError ? error.errors : [error]
  const { message, code } = first as NodeJS.ErrnoException
  return new Error(message || code || error.name)
}
