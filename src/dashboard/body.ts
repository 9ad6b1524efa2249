/** The parameters of an op as they come in a request's body: JSON, of limits.dashboardBodyBytes at most. */
import { toRecord } from '../base/error-record.ts'
import { limits } from '../base/limits.ts'
import { HttpRefusal } from './answers.ts'

/** @throws HttpRefusal 415, 413, 400 */
export async function readJson(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const type = request.headers.get('content-type') ?? ''
  // A page of another site may post forms and plain text without asking, but not this.
  if (!/^application\/json\s*(?:;|$)/i.test(type)) {
    throw new HttpRefusal(
      415,
      `The parameters of an op are sent as application/json. Got: ${type || 'no content type'}.`,
    )
  }
  const text = await readText(request)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new HttpRefusal(400, `The body is no JSON: ${toRecord(cause).message}`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new HttpRefusal(400, 'The body must be a JSON object with the parameters of the op; {} where it has none.')
}

async function readText(request: Request): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > limits.dashboardBodyBytes) throw tooLarge()
  if (request.body === null) return ''
  const reader = request.body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw new HttpRefusal(400, `The body broke off: ${toRecord(cause).message}`)
    })
    if (done) return text + decoder.decode()
    bytes += value.byteLength
    // Not cancelled, which would end the connection before the answer has been read.
    if (bytes > limits.dashboardBodyBytes) throw tooLarge()
    text += decoder.decode(value, { stream: true })
  }
}

function tooLarge(): HttpRefusal {
  return new HttpRefusal(413, `A request may have ${limits.dashboardBodyBytes} bytes, and no more are read.`, {
    headers: { connection: 'close' },
  })
}
