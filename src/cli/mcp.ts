/** `lazaret mcp`: lets any MCP client be the coding agent of a running fleet, over stdin and stdout. */
import type { Command } from 'commander'
import { LazaretError } from '../base/errors.ts'
import { type CommonOptions, newCommand } from './command.ts'

const example = 'lazaret mcp --data-dir /srv/shop/.lazaret'

export function mcpCommand(): Command {
  return newCommand('mcp', 'serve the tasks of a running fleet to an MCP client over stdio', example).action(
    ({ dataDir }: CommonOptions) => serve(dataDir),
  )
}

async function serve(dataDir: string): Promise<void> {
  const { serveTasks } = await loaded()
  await serveTasks(dataDir)
}

async function loaded(): Promise<typeof import('./mcp-server.ts')> {
  try {
    return await import('./mcp-server.ts')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    const name = '@modelcontextprotocol/server'
    const text = `lazaret mcp needs ${name}, which is not installed: npm install ${name}`
    throw new LazaretError('PACKAGE_MISSING', text, { cause, hint: 'Install it beside lazaret.' })
  }
}
