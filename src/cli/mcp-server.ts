/**
 * The MCP server: tools that ask a runtime over its control socket, one connection a call, so that a runtime that is away
 * is an error of that call. stdout is the protocol's alone. It decides nothing, and no path or command is ever read from
 * what a tool is given: files are looked up by name among those that the runtime hands over.
 */
import { once } from 'node:events'
import { type CallToolResult, McpServer } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { redactText, safeLine } from '../base/redact.ts'
import { version } from '../base/version.ts'
import { fenceRule } from '../repair/agents/fence.ts'
import { withRuntime } from './connection.ts'
import { type Desk, type Shown, toolsOf } from './mcp-tools.ts'

const instructions = `Tasks ask for the repair of kernels: long-lived parts of a Node.js application that failed and are out of service. \
List the tasks, claim one, read its TASK.md, the sources and the evidence, try changes out with replay, and hand in a unified diff with submit_patch. \
A diff is proved in a sandbox; nothing that you say about it counts. ${fenceRule}`

/** Resolves when stdin has ended. What was asked then goes on in the runtime, unanswered. */
export async function serveTasks(dataDir: string): Promise<void> {
  const ended = new AbortController()
  const desk: Desk = {
    claims: new Map(),
    ask: (signal, use) => withRuntime(dataDir, use, limits.controlCommandMs, AbortSignal.any([ended.signal, signal])),
  }
  // It was read from before it ends: 'end' comes at the end of the input, 'close' where it breaks off.
  const over = Promise.race([once(process.stdin, 'end'), once(process.stdin, 'close')])
  const serving = serveStdio(() => server(desk), {
    onerror: (error) => process.stderr.write(`${safeLine(redactText(error.message))}\n`),
  })
  await over
  ended.abort()
  await serving.close()
}

function server(desk: Desk): McpServer {
  const made = new McpServer({ name: 'lazaret', version: version() }, { capabilities: { tools: {} }, instructions })
  for (const { name, config, run } of toolsOf(desk)) {
    made.registerTool(name, config, async (args, context) => {
      try {
        return result(await run(args, context.mcpReq.signal))
      } catch (thrown) {
        return failure(thrown)
      }
    })
  }
  return made
}

function result({ text, facts }: Shown): CallToolResult {
  return { content: [{ type: 'text', text }], structuredContent: facts }
}

/** One of ours says what to do next; any other is a defect of this program, and said to be one. */
function failure(thrown: unknown): CallToolResult {
  const { message } = toRecord(thrown)
  const lines =
    thrown instanceof LazaretError
      ? [`${thrown.code}: ${message}`, ...(thrown.hint === undefined ? [] : [thrown.hint])]
      : [`A defect of lazaret itself: ${message}`]
  return {
    isError: true,
    content: [{ type: 'text', text: lines.map((line) => safeLine(redactText(line))).join('\n') }],
  }
}
