/**
 * Writes a reproduced failure as a test file. First it tries what the file will say: without the replies and the state
 * that are not needed, with secrets struck out, and without the kernel's data, so that a test which is written does fail.
 */
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { deserialize, serialize } from 'node:v8'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Evidence, RecordedMessage, RecordedReply } from '../base/remedy.ts'
import { Reproduction } from '../repair/reproduce.ts'
import { makeWorkspace } from '../repair/workspace.ts'
import type { ReplaySession } from './replay.ts'
import { decodeMessage, decodeReply, testFile } from './replay-test-file.ts'
import { strikeSecrets } from './strike.ts'

export interface Written {
  /** Absolute path. */
  readonly file: string
  /** Values that look like secrets, struck out. */
  readonly struck: number
  /** False where the files on disk do not fail any more. */
  readonly failsNow: boolean
}

/** What the test is made of; in the shape in which it is recorded. */
interface Content extends Pick<Evidence, 'config' | 'state' | 'messages' | 'replies'> {}

export interface WriteInput {
  readonly session: ReplaySession
  readonly reproduction: Reproduction
  /** With which it fails. */
  readonly messages: readonly RecordedMessage[]
  /** Absolute path, see testPathFor. */
  readonly file: string
  /** Secrets stay. */
  readonly exact: boolean
}

/** `test/<kernel>_<incident>.test.ts` beside the kernel, .js where the kernel is; or what the user says. */
export function testPathFor({ kernel, incident, ran }: Evidence, given: string | true): string {
  if (given !== true) return resolve(given)
  const entry = ran === undefined ? join(process.cwd(), 'kernel.ts') : fileURLToPath(ran.entryUrl)
  const extension = /\.[cm]?ts$/.test(entry) ? 'ts' : 'js'
  return join(dirname(entry), 'test', `${kernel}_${incident}.test.${extension}`)
}

/** @throws LazaretError OPTION_INVALID */
export function mustBeFree(file: string): void {
  if (!existsSync(file)) return
  throw new LazaretError('OPTION_INVALID', `${file} is there already, and is not written over.`, {
    hint: 'Remove it, or name another file: --write-test <file>',
  })
}

/** @throws LazaretError OPTION_INVALID where what would be written does not fail, or is too large. */
export async function writeTest(input: WriteInput): Promise<Written> {
  const { session, reproduction, messages, file, exact } = input
  const { evidence } = session
  const needed: Content = { config: evidence.config, messages, ...(await reproduction.essentials(messages)) }
  const { content, struck } = exact ? { content: needed, struck: 0 } : withoutSecrets(needed)
  if (struck > 0 && !(await reproduction.failsWith({ state: undefined, ...content }))) {
    const text = `It fails only with the recorded values, and ${struck} of them look like secrets, so no test was written.`
    throw new LazaretError('OPTION_INVALID', text, { hint: 'To write them all the same, as they are: --exact' })
  }
  mustBeSmall(content)
  await mustFailWithoutData(session, content)
  // Where files have changed this is another answer than that of the recorded code.
  const now = reproduction.runsOtherCode ? await reproduction.asNow(content.messages) : undefined
  await write(file, textOf(input, content))
  return { file, struck, failsNow: now?.outcome !== 'passed' }
}

function withoutSecrets({ config, state, messages, replies }: Content): { content: Content; struck: number } {
  let struck = 0
  const strike = <T>(value: T): T => {
    const found = strikeSecrets(value)
    struck += found.count
    return found.value
  }
  const bytes = (given: Uint8Array): Uint8Array => serialize(strike(deserialize(given) as unknown))
  const content = {
    config: strike(config),
    ...(state === undefined ? {} : { state: bytes(state) }),
    messages: messages.map((message) => ({ ...message, args: bytes(message.args) })),
    replies: replies.map(
      (reply): RecordedReply => ({
        ...{ ...reply, args: bytes(reply.args) },
        ...(reply.value === undefined ? {} : { value: bytes(reply.value) }),
        ...(reply.error === undefined ? {} : { error: strike(reply.error) }),
      }),
    ),
  }
  return { content, struck }
}

function mustBeSmall({ config, state, messages, replies }: Content): void {
  const parts: [string, number][] = [
    ['config', serialize(config).byteLength],
    ['state', state?.byteLength ?? 0],
    ['messages', sum(messages.map(({ args }) => args.byteLength))],
    ['replies', sum(replies.map(({ args, value }) => args.byteLength + (value?.byteLength ?? 0)))],
  ]
  const bytes = sum(parts.map(([, size]) => size))
  if (bytes <= limits.replayTestBytes) return
  const sizes = parts.map(([name, size]) => `${name} ${size}`).join(', ')
  const text = `A test of it would hold ${bytes} bytes of recorded values (${sizes}), and at most ${limits.replayTestBytes} are written.`
  throw new LazaretError('OPTION_INVALID', text, {
    hint: 'Write the test by hand, with replayKernel of lazaret/testing.',
  })
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0)
}

/** A test has an empty data folder. */
async function mustFailWithoutData(session: ReplaySession, content: Content): Promise<void> {
  const { evidence, folder, dataDirOfKernel, pool, signal, progress } = session
  if (!existsSync(dataDirOfKernel) || (await readdir(dataDirOfKernel)).length === 0) return
  const none = join(folder, 'no-data')
  const workspace = await makeWorkspace({
    ...{ root: folder, incident: evidence.incident, attempt: 2, evidence, dataDirOfKernel: none },
  })
  const empty = await Reproduction.of({ evidence, workspace, run: pool.run, signal, progress })
  if (await empty.failsWith({ state: undefined, ...content })) return
  const text = `It fails only with the files in ${dataDirOfKernel}, which a test does not have.`
  throw new LazaretError('OPTION_INVALID', text, { hint: 'Write the test by hand, and let it make these files first.' })
}

function textOf({ session: { evidence }, file }: WriteInput, content: Content): string {
  const { ran } = evidence
  // Reproduction.of has refused evidence without it.
  if (ran === undefined) throw new LazaretError('EVIDENCE_CORRUPT', 'The evidence does not say how the kernel was run.')
  return testFile({
    ...{ evidence, ran, entry: specifierFrom(dirname(file), fileURLToPath(ran.entryUrl)), config: content.config },
    state: content.state === undefined ? undefined : (deserialize(content.state) as unknown),
    messages: content.messages.map(decodeMessage),
    replies: content.replies.map(decodeReply),
    writtenAt: new Date().toISOString(),
  })
}

/** Relative and with `/`, so that it holds on every machine; on another drive the whole URL. */
function specifierFrom(folder: string, entry: string): string {
  const path = relative(folder, entry)
  if (resolve(folder, path) !== entry || /^[A-Za-z]:/.test(path)) return pathToFileURL(entry).href
  const url = path.split(sep).map(encodeURIComponent).join('/')
  return url.startsWith('.') ? url : `./${url}`
}

async function write(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text, { flag: 'wx' })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') mustBeFree(file)
    throw new LazaretError('OPTION_INVALID', `${file} cannot be written: ${(cause as Error).message}.`, {
      ...{ cause, hint: 'Name another file: --write-test <file>' },
    })
  }
}
