// An agent that speaks ACP over stdio and does what its first argument says; the package's own agent side.
import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import * as acp from '@agentclientprotocol/sdk'

const [, , what, badLine, goodLine] = process.argv
const { agent, client } = acp.methods
const options = [
  { optionId: 'always', name: 'Always', kind: 'allow_always' },
  { optionId: 'once', name: 'Once', kind: 'allow_once' },
  { optionId: 'no', name: 'No', kind: 'reject_once' },
]
let cwd = ''
let capabilities

async function told(context, request) {
  try {
    const answer = await request()
    await say(context, `${JSON.stringify(answer).slice(0, 100)}\n\n`)
  } catch (error) {
    await say(context, `error ${error.code}: ${error.message}\n\n`)
  }
}

const say = ({ client: peer, params }, text) =>
  peer.notify(client.session.update, {
    sessionId: params.sessionId,
    update: { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } },
  })

const acts = {
  async mend(context) {
    const { client: peer, params } = context
    const { sessionId, prompt } = params
    if (!prompt[0].text.includes('# Repair the kernel')) throw new Error('no task')
    if (!existsSync('TASK.md') || !capabilities.fs.writeTextFile || capabilities.terminal)
      throw new Error('no workspace')
    const path = join(cwd, 'kernel.ts')
    const { content } = await peer.request(client.fs.readTextFile, { sessionId, path })
    const part = await peer.request(client.fs.readTextFile, { sessionId, path, line: 1, limit: 2 })
    if (part.content !== content.split('\n').slice(0, 2).join('\n')) throw new Error('not those lines')
    await peer.notify(client.session.update, {
      sessionId,
      update: { sessionUpdate: 'tool_call', toolCallId: 't1', title: 'Edit kernel.ts', kind: 'edit' },
    })
    const toolCall = { toolCallId: 't1', title: 'Edit kernel.ts', kind: 'edit', locations: [{ path }] }
    const { outcome } = await peer.request(client.session.requestPermission, { sessionId, toolCall, options })
    if (outcome.optionId !== 'once') throw new Error('not allowed')
    await peer.request(client.fs.writeTextFile, { sessionId, path, content: content.replace(badLine, goodLine) })
    await say(context, 'I mended it')
    return { stopReason: 'end_turn' }
  },
  async reach(context) {
    const { client: peer, params } = context
    const { sessionId } = params
    for (const path of ['/etc/passwd', join(cwd, '../../../x'), join(cwd, 'none.ts')])
      await told(context, () => peer.request(client.fs.readTextFile, { sessionId, path }))
    for (const path of ['/etc/lazaret-test', join(cwd, 'new.ts'), join(cwd, 'TASK.md')])
      await told(context, () => peer.request(client.fs.writeTextFile, { sessionId, path, content: 'x' }))
    const outside = { kind: 'edit', locations: [{ path: join(cwd, 'kernel.ts') }, { path: '/etc/passwd' }] }
    const hidden = { kind: 'edit', content: [{ type: 'diff', path: '/etc/passwd', newText: 'x' }] }
    for (const toolCall of [{ kind: 'execute', title: 'rm -rf /' }, { kind: 'edit' }, {}, outside, hidden])
      await told(context, () =>
        peer.request(client.session.requestPermission, {
          sessionId,
          toolCall: { toolCallId: 't', ...toolCall },
          options,
        }),
      )
    await told(context, () => peer.request('terminal/create', { sessionId, command: 'id' }))
    return { stopReason: 'end_turn' }
  },
  async refuse() {
    return { stopReason: 'refusal' }
  },
  async fail() {
    throw new Error('no credits left')
  },
  async die() {
    process.stderr.write('I am out of memory\n')
    process.exit(7)
  },
  async wait(context) {
    process.on('SIGTERM', () => {})
    setInterval(() => {}, 1000)
    const args = ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)", process.argv[1]]
    spawn(process.execPath, args, { stdio: 'ignore' })
    await say(context, 'I take my time\n\n')
    return new Promise(() => {})
  },
}

if (what === 'mute') setInterval(() => {}, 1000)
else if (what === 'garbage') {
  process.stdout.write('Welcome to my agent!\n{"jsonrpc": nonsense\n')
  process.exitCode = 0
  setTimeout(() => process.exit(0), 100)
} else {
  const app = acp.agent({ name: 'scripted' })
  app.onRequest(agent.initialize, async ({ params }) => {
    capabilities = params.clientCapabilities
    return { protocolVersion: acp.PROTOCOL_VERSION, agentCapabilities: {} }
  })
  app.onRequest(agent.session.new, async ({ params }) => {
    cwd = params.cwd
    if (what === 'login') throw acp.RequestError.authRequired(undefined, 'log in first')
    return { sessionId: 's1' }
  })
  app.onNotification(agent.session.cancel, async () => writeFileSync('cancelled', ''))
  app.onRequest(agent.session.prompt, (context) => acts[what](context))
  app.connect(acp.ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin)))
}
