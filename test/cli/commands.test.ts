import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { buildProgram } from '../../src/cli/program.ts'

/** What they print is theirs to say: a page for GitHub, a protocol. */
const withoutJson = new Set(['mcp'])

function walk(command: Command, path: string): { path: string; command: Command }[] {
  return command.commands.flatMap((sub) => {
    const name = `${path} ${sub.name()}`
    return [{ path: name, command: sub }, ...walk(sub, name)]
  })
}

test('every command, with its words, has --json, a summary, and an example that begins with its own name', async () => {
  const all = walk(await buildProgram(['run', 'stress', 'drill', 'replay', 'viz']), 'lazaret')
  expect(all.length).toBeGreaterThan(25)
  for (const { path, command } of all) {
    const parts: string[] = []
    command.configureOutput({ writeOut: (text) => parts.push(text) }).outputHelp()
    const help = parts.join('')
    const name = path.split(' ').slice(1).join(' ')
    expect.soft(command.description(), path).not.toBe('')
    expect.soft(help, path).toContain(`Example:\n  ${path}`)
    if (!withoutJson.has(name)) expect.soft(help, path).toContain('--json')
    expect.soft(help, path).not.toContain('\u001b')
  }
})
