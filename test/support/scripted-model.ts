/**
 * A model that answers as a script says: a real HTTP server on 127.0.0.1 that speaks the streaming chat completions of
 * OpenAI, or the messages of Anthropic. It keeps what it was asked, so that a test can look at every byte that left.
 */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export interface ScriptedCall {
  readonly name: string
  /** Arguments; a text is sent as it stands, so that it may be no JSON. */
  readonly input: Readonly<Record<string, unknown>> | string
}

export type ScriptedAnswer =
  /** An ordinary answer. */
  | { readonly say?: string; readonly calls?: readonly ScriptedCall[]; readonly usage?: Usage | false }
  /** An HTTP error. */
  | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }
  /** 200 with this body, whatever it is. */
  | { readonly raw: string; readonly type?: string }
  /** `silent`: headers are never sent. `stalls`: they are, and one piece. `endless`: pieces for ever. `cut`: it breaks off. */
  | 'silent'
  | 'stalls'
  | 'endless'
  | 'cut'

export interface Usage {
  readonly tokensIn: number
  readonly tokensOut: number
}

export interface Asked {
  readonly path: string | undefined
  readonly headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: JSON of another program, read by tests.
  readonly body: any
  /** What the last message or tool result says, as text. */
  readonly last: string
}

/** By the question and its number, from 0. A list is answered in order; its last entry repeats. */
export type Script = readonly ScriptedAnswer[] | ((asked: Asked, index: number) => ScriptedAnswer)

export interface ScriptedModel extends AsyncDisposable {
  /** For `baseUrl`. */
  readonly url: string
  readonly asked: readonly Asked[]
  /** Connections that are open. */
  connections(): number
  /** Resolves when none is. */
  idle(ms?: number): Promise<void>
}

export async function startScriptedModel(script: Script): Promise<ScriptedModel> {
  const asked: Asked[] = []
  const sockets = new Set<Socket>()
  const waiting = new Set<() => void>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString())
      const question: Asked = { path: request.url, headers: request.headers, body, last: lastOf(body) }
      const index = asked.push(question) - 1
      const answer = typeof script === 'function' ? script(question, index) : (script[index] ?? script.at(-1))
      respond(response, answer ?? { say: 'nothing left to say' }, request.url?.endsWith('/messages') === true)
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => {
      sockets.delete(socket)
      if (sockets.size === 0) for (const resolve of [...waiting]) resolve()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    ...{ url: `http://127.0.0.1:${port}/v1`, asked, connections: () => sockets.size },
    idle: (ms = 5000) =>
      new Promise((resolve, reject) => {
        if (sockets.size === 0) return resolve()
        const timer = setTimeout(() => reject(new Error(`${sockets.size} connections after ${ms} ms`)), ms)
        waiting.add(() => {
          clearTimeout(timer)
          resolve()
        })
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Part {
  readonly text?: string
  readonly content?: string | readonly Part[]
}

function lastOf({ messages = [] }: { readonly messages?: readonly Part[] }): string {
  const textOf = ({ text, content = [] }: Part): string =>
    text ?? (typeof content === 'string' ? content : content.map(textOf).join('\n'))
  return textOf(messages.at(-1) ?? {})
}

function respond(response: ServerResponse, answer: ScriptedAnswer, isAnthropic: boolean): void {
  if (answer === 'silent') return
  if (typeof answer === 'object' && 'status' in answer) {
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
    response.end(answer.body ?? JSON.stringify({ error: { message: `refused with ${answer.status}`, type: 'error' } }))
    return
  }
  if (typeof answer === 'object' && 'raw' in answer) {
    response.writeHead(200, { 'content-type': answer.type ?? 'text/event-stream' })
    response.end(answer.raw)
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const send = isAnthropic ? anthropic(response) : openai(response)
  if (typeof answer === 'object') {
    send.whole(answer)
    return
  }
  send.piece('I ')
  if (answer === 'cut') setImmediate(() => response.destroy())
  if (answer !== 'endless') return
  const more = () => {
    while (!response.destroyed && send.piece('think and '.repeat(200))) {}
  }
  response.on('drain', more)
  more()
}

interface Sender {
  /** False where the connection is full. */
  piece(text: string): boolean
  whole(answer: Extract<ScriptedAnswer, { say?: string }>): void
}

function argumentsOf({ input }: ScriptedCall): string {
  return typeof input === 'string' ? input : JSON.stringify(input)
}

function openai(response: ServerResponse): Sender {
  const send = (choice: object, more: object = {}) => {
    const chunk = {
      id: 'x',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'scripted',
      choices: [choice],
      ...more,
    }
    return response.write(`data: ${JSON.stringify(chunk)}\n\n`)
  }
  const piece = (text: string) => send({ index: 0, delta: { role: 'assistant', content: text } })
  return {
    piece,
    whole({ say, calls = [], usage = { tokensIn: 100, tokensOut: 10 } }) {
      for (const word of say?.split(/(?<= )/) ?? []) piece(word)
      calls.forEach((call, index) => {
        const id = `call_${index}_${Math.random().toString(36).slice(2)}`
        const text = argumentsOf(call)
        const half = Math.floor(text.length / 2)
        const head = { index, id, type: 'function', function: { name: call.name, arguments: text.slice(0, half) } }
        send({ index: 0, delta: { role: 'assistant', tool_calls: [head] } })
        send({ index: 0, delta: { tool_calls: [{ index, function: { arguments: text.slice(half) } }] } })
      })
      const counted = usage && { prompt_tokens: usage.tokensIn, completion_tokens: usage.tokensOut, total_tokens: 0 }
      const finish = { index: 0, delta: {}, finish_reason: calls.length > 0 ? 'tool_calls' : 'stop' }
      send(finish, counted ? { usage: counted } : {})
      response.end('data: [DONE]\n\n')
    },
  }
}

function anthropic(response: ServerResponse): Sender {
  const send = (type: string, data: object) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`)
  let begun = 0
  const begin = (tokensIn: number) => {
    const usage = { input_tokens: tokensIn, output_tokens: 0 }
    const message = { id: 'm', type: 'message', role: 'assistant', model: 'scripted', content: [], stop_reason: null }
    send('message_start', { message: { ...message, stop_sequence: null, usage } })
  }
  const text = (words: string) => {
    const index = begun++
    send('content_block_start', { index, content_block: { type: 'text', text: '' } })
    const fits = send('content_block_delta', { index, delta: { type: 'text_delta', text: words } })
    send('content_block_stop', { index })
    return fits
  }
  return {
    piece(words) {
      if (begun === 0) begin(1)
      return text(words)
    },
    whole({ say, calls = [], usage = { tokensIn: 100, tokensOut: 10 } }) {
      begin(usage ? usage.tokensIn : 0)
      if (say !== undefined) text(say)
      for (const call of calls) {
        const index = begun++
        const id = `toolu_${index}_${Math.random().toString(36).slice(2)}`
        send('content_block_start', { index, content_block: { type: 'tool_use', id, name: call.name, input: {} } })
        send('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: argumentsOf(call) } })
        send('content_block_stop', { index })
      }
      const delta = { stop_reason: calls.length > 0 ? 'tool_use' : 'end_turn', stop_sequence: null }
      send('message_delta', { delta, usage: { output_tokens: usage ? usage.tokensOut : 0 } })
      send('message_stop', {})
      response.end()
    },
  }
}
