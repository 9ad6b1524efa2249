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
  const { serveTasks } = await loaded(() => import('./mcp-server.ts'))
  await serveTasks(dataDir)
}

const packageName = '@modelcontextprotocol/server'

/** @param load for tests. @throws LazaretError PACKAGE_MISSING, in one line with the command that installs it. */
export async function loaded<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    // Any other module that is missing is a defect, and not what a user installs.
    if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes(packageName)) throw cause
    const text = `lazaret mcp needs ${packageName}, which is not installed: npm install ${packageName}`
    throw new LazaretError('PACKAGE_MISSING', text, { cause, hint: 'Install it beside lazaret.' })
  }
}
