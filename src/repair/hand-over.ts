/**
 * What a person, or an agent that asks for it, is given to mend a kernel: its folder as it ran, the check, the evidence
 * without secrets, and the task in words. As data: who writes it where is not known here.
 */
import { constants, existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { redactText } from '../base/redact.ts'
import type { Evidence, Verdict } from '../base/remedy.ts'
import { taskText, verdictText } from './agents/task.ts'
import { evidenceFileBytes, evidenceFiles } from './agents/work-evidence.ts'
import { filesOf, taskName, type WorkFile } from './agents/work-folder.ts'

export interface HandOver {
  readonly kernel: string
  readonly incident: string
  readonly files: readonly WorkFile[]
  /** error.json, kernel.log, messages.jsonl and config.json, as far as they are there. */
  readonly evidence: readonly { readonly name: string; readonly text: string }[]
  /** TASK.md */
  readonly task: string
}

export interface HandOverOptions {
  readonly evidence: Evidence
  readonly sources: Readonly<Record<string, string>>
  readonly kernelFolderUrl: string
  readonly checkUrl: string | undefined
  /** How the work is handed in, for TASK.md. */
  readonly handIn: string
  /** What was refused before, oldest first; diffs may be empty. */
  readonly refused: readonly { readonly diff: string; readonly verdict: Verdict }[]
}

export async function handOver(options: HandOverOptions): Promise<HandOver> {
  const { evidence, handIn, refused } = options
  const files = [...(await filesOf(options)).values()].filter((file) => !isHandedOver(file, options.kernelFolderUrl))
  const feedback = refused.map(({ diff, verdict }) => ({ diff, refusal: verdictText(verdict) }))
  const texts: { name: string; text: string }[] = []
  for (const name of evidenceFiles) {
    const text = await boundedText(join(evidence.folder, name))
    if (text !== undefined) texts.push({ name, text: redactText(text) })
  }
  const { kernel, incident } = evidence
  return { kernel, incident, files, evidence: texts, task: taskText({ evidence, folder: { files }, handIn, feedback }) }
}

/** In a folder that was handed over before: one that a person keeps within the kernel's own is no part of the kernel. */
function isHandedOver({ file, kind }: WorkFile, kernelFolderUrl: string): boolean {
  const parts = file.split('/').slice(0, -1)
  const folders = parts.map((_, index) => parts.slice(0, index + 1))
  return (
    kind === 'other' && folders.some((folder) => existsSync(join(fileURLToPath(kernelFolderUrl), ...folder, taskName)))
  )
}

/** Undefined where there is none, or it is no plain file of a size that people read. */
async function boundedText(path: string): Promise<string | undefined> {
  try {
    await using handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const found = await handle.stat()
    return found.isFile() && found.size <= evidenceFileBytes ? await handle.readFile('utf8') : undefined
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    // A disk that was full, an older version, or a person who has tidied up.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined
    throw thrown
  }
}
