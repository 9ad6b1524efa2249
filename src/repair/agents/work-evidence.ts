/**
 * The evidence as an agent from outside may read it: what capture.ts has redacted, file by file, and the error anew where
 * its file is gone. The exact messages stay where they are.
 */
import { copyFile, lstat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { redact } from '../../base/redact.ts'
import type { AgentInput } from './agent.ts'

/** What capture.ts has redacted. The exact messages in replay.bin are not for strangers. */
export const evidenceFiles = ['error.json', 'kernel.log', 'messages.jsonl', 'config.json'] as const
export const evidenceFileBytes = 1_048_576

export async function copyEvidence({ evidence }: AgentInput, target: string): Promise<void> {
  for (const name of evidenceFiles) {
    const from = join(evidence.folder, name)
    // Evidence may be incomplete: a disk that was full, or an older version.
    const found = await lstat(from).catch(() => undefined)
    if (found?.isFile() === true && found.size <= evidenceFileBytes) await copyFile(from, join(target, name))
  }
  const errorFile = join(target, 'error.json')
  // What could not be copied is written anew, from what the repair itself knows.
  const isThere = await lstat(errorFile).catch(() => undefined)
  if (isThere !== undefined) return
  const { kernel, incident, phase, error } = evidence
  const text = JSON.stringify({ kernel, incident, phase, error: redact(error) }, null, 2)
  await writeFile(errorFile, `${text}\n`, { mode: 0o600 })
}
