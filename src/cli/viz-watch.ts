/**
 * A file that never stops running while it is imported (`while (true) {}`) holds the thread that waits for it, timers and
 * all. Another thread watches it, says what is wrong and ends the process: nothing gentler reaches a thread that spins,
 * so the shell sees 137 and not 2. A file that only awaits is viz-load.ts's own to refuse.
 */
import { Worker } from 'node:worker_threads'

/** Runs in the watching thread, which needs no file of its own. */
const code = `
const { parentPort, workerData } = require('node:worker_threads')
const { writeSync } = require('node:fs')
setTimeout(() => {
  try {
    writeSync(2, workerData.words)
  } finally {
    process.kill(process.pid, 'SIGKILL')
  }
}, workerData.afterMs)
parentPort.postMessage('watching')`

/** @returns ends the watch. */
export async function watchImport(words: string, afterMs: number): Promise<() => Promise<unknown>> {
  const watcher = new Worker(code, {
    ...{ eval: true, name: 'lazaret viz watch', workerData: { words, afterMs } },
    // Options of the command's own Node.js, such as --import, are not for it.
    execArgv: [],
  })
  // It must run before the file does: a thread is started by the one that may soon be held.
  await new Promise((resolve, reject) => watcher.once('message', resolve).once('error', reject))
  watcher.unref()
  return () => watcher.terminate()
}
