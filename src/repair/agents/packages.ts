/**
 * The optional packages that agents from outside need. They are looked for when a runtime is made, so that one that is
 * missing is told then and not in the middle of a repair; they are loaded when the agent is asked.
 */
import { findPackageJSON } from 'node:module'
import type { AgentsSpec } from '../../base/agents-spec.ts'
import { LazaretError } from '../../base/errors.ts'

/** Which packages these agents need, by agent. */
export function packagesFor({ model, acp }: AgentsSpec): Readonly<Record<string, readonly string[]>> {
  return {
    ...(model === undefined ? {} : { model: ['ai', `@ai-sdk/${model.provider}`] }),
    ...(acp === undefined ? {} : { acp: ['@agentclientprotocol/sdk'] }),
  }
}

/** @throws LazaretError PACKAGE_MISSING, in one line with the command that installs them. @param isThere for tests. */
export function checkPackages(agents: AgentsSpec, isThere: (name: string) => boolean = isInstalled): void {
  for (const [agent, names] of Object.entries(packagesFor(agents))) {
    const missing = names.filter((name) => !isThere(name))
    if (missing.length > 0) throw packageMissing(agent, missing)
  }
}

function packageMissing(agent: string, missing: readonly string[], cause?: unknown): LazaretError {
  const text = `agents.${agent} needs ${missing.join(' and ')}, which ${missing.length === 1 ? 'is' : 'are'} not installed: npm install ${missing.join(' ')}`
  return new LazaretError('PACKAGE_MISSING', text, {
    details: { agent, packages: missing },
    hint: `Install ${missing.length === 1 ? 'it' : 'them'} beside lazaret, or take agents.${agent} out.`,
    cause,
  })
}

function isInstalled(name: string): boolean {
  try {
    return findPackageJSON(name, import.meta.url) !== undefined
  } catch {
    // ERR_MODULE_NOT_FOUND and its like: it is not there.
    return false
  }
}

/** @throws LazaretError PACKAGE_MISSING where it went away after the start. */
export async function loadPackage<T>(agent: string, name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') throw packageMissing(agent, [name], thrown)
    throw thrown
  }
}
