/**
 * The child process of one search, or of one look at changed texts. The main thread does nothing but listen: it takes the
 * job from stdin, and ends the process when stdin closes, which it does when the host is killed, whatever the other thread
 * is busy with. The other thread searches or compares. It reads and computes; it writes its answer, and nothing else.
 */
import { once } from 'node:events'
import { flushCompileCache } from 'node:module'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { limits } from '../../base/limits.ts'
import { withoutTypeScript, withTypeScript } from './answer.ts'
import type { DiagnosticsAnswer, DiagnosticsJob, LanguageAnswer, LanguageJob } from './job.ts'

if (isMainThread) await listen()
else parentPort?.postMessage(answer(workerData))

async function listen(): Promise<void> {
  process.stdin.on('close', () => process.exit(0))
  const job: LanguageJob | DiagnosticsJob = JSON.parse(await firstLine())
  const parsed = withoutTypeScript(job)
  if (parsed !== undefined) return say(parsed)
  const resourceLimits = { maxOldGenerationSizeMb: limits.languageServiceHeapMb }
  const worker = new Worker(new URL(import.meta.url), { workerData: job, resourceLimits })
  try {
    const [found] = await once(worker, 'message')
    say(found)
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    if ('changed' in job) say({ unparsed: [], fresh: [], compared: 0, before: 0, none: `TypeScript failed: ${why}` })
    else say({ candidates: [], none: `the search failed: ${why}` })
  }
}

function say(answer: LanguageAnswer | DiagnosticsAnswer): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}

async function firstLine(): Promise<string> {
  const chunks: Buffer[] = []
  for (;;) {
    const [chunk]: Buffer[] = await once(process.stdin, 'data')
    if (chunk === undefined) continue
    chunks.push(chunk)
    if (chunk.includes(0x0a)) return Buffer.concat(chunks).toString('utf8')
  }
}

function answer(job: LanguageJob | DiagnosticsJob): LanguageAnswer | DiagnosticsAnswer {
  const found = withTypeScript(job)
  // The process is killed when it has answered, and would keep nothing of the compiled code.
  flushCompileCache()
  return found
}
