/**
 * Compiled code is kept from one test to the next, in their processes and in those that they start: a thread that need
 * not load the type stripper starts in a third of the time. Made anew by each run, because temporary paths pile up in it.
 */
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export default function setup(): void {
  const folder = fileURLToPath(new URL('../../node_modules/.cache/lazaret-compiled/', import.meta.url))
  // Another run may be writing there.
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  process.env.NODE_COMPILE_CACHE = folder
}
