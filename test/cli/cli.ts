/** The real command line in a process of its own, and folders with kernels to run. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const mainFile = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const deadlineMs = 60_000

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  readonly process: ChildProcess
  /** Resolves with the first line of stdout that holds the text. */
  line(text: string): Promise<string>
  readonly ended: Promise<Ended>
}

/** A folder that goes with the test, with these files in it. */
export async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lazaret-cli-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

/** Killed when the test ends, if it is still there. */
export function start(cwd: string, ...args: string[]): Started {
  return startFile(mainFile, cwd, args)
}

function startFile(file: string, cwd: string, args: readonly string[]): Started {
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...env } = process.env
  const child = spawn(process.execPath, [file, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const late = setTimeout(() => child.kill('SIGKILL'), deadlineMs)
  onTestFinished(() => void child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  const waiting = new Set<{ text: string; resolve(line: string): void; reject(error: Error): void }>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    stdout += `${line}\n`
    for (const waiter of waiting) if (line.includes(waiter.text) && waiting.delete(waiter)) waiter.resolve(line)
  })
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString()
  })
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => {
      clearTimeout(late)
      for (const { text, reject } of waiting)
        reject(new Error(`It ended (${code}) without "${text}".\n${stdout}${stderr}`))
      resolve({ code, stdout, stderr })
    })
  })
  const line = (text: string): Promise<string> => {
    const said = stdout.split('\n').find((earlier) => earlier.includes(text))
    return said === undefined
      ? new Promise((resolve, reject) => waiting.add({ text, resolve, reject }))
      : Promise.resolve(said)
  }
  return { process: child, line, ended }
}

export function cli(cwd: string, ...args: string[]): Promise<Ended> {
  return start(cwd, ...args).ended
}

/** Command lines one after another in one process; how each ended. */
export async function cliMany(cwd: string, argvs: readonly (readonly string[])[]): Promise<Ended[]> {
  const file = fileURLToPath(new URL('./many.ts', import.meta.url))
  const { stdout, stderr } = await startFile(file, cwd, [JSON.stringify(argvs)]).ended
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as Ended[]
}

export const kernels = {
  'notes.js': `import { defineKernel } from 'lazaret/kernel'
export default defineKernel({ start(ctx) {
  ctx.log.info('notes are open', { count: 0 })
  ctx.log.warn('odd "\\u009b\\u001b[2J" text')
  return { api: { add: (text) => text.length } }
} })`,
  'failing.js': `import { defineKernel } from 'lazaret/kernel'
export default defineKernel({ start() { throw new Error('no upstream') } })`,
  'stubborn.js': `import { defineKernel } from 'lazaret/kernel'
export default defineKernel({ start() { return { api: {}, stop: () => new Promise(() => setInterval(() => {}, 1000)) } } })`,
  'blocked.js': `import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { defineKernel } from 'lazaret/kernel'
export default defineKernel({ start(ctx) {
  execFileSync('mkfifo', [ctx.config.fifo])
  return { api: {}, stop: () => readFileSync(ctx.config.fifo) }
} })`,
} as const
