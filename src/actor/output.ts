/**
 * Where a kernel's own output goes: what it prints becomes lines of its log, and the port that Node gives every worker is
 * closed to it. It knows nothing of messages.
 */
import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { parentPort } from 'node:worker_threads'
import type { Outbox } from './outbox.ts'
import type { LogLine } from './protocol.ts'

/** Node wakes the host for each post to this port, listener or not: a kernel that floods it would starve the host, unseen. */
export function closePublicPort(outbox: Outbox): void {
  let isSaid = false
  const drop = () => {
    if (!isSaid)
      outbox.log(40, 'parentPort.postMessage: nobody listens there. Use ctx.ref(id).tell or the reply of a message.')
    isSaid = true
  }
  if (parentPort !== null) Object.defineProperty(parentPort, 'postMessage', { value: drop })
}

/** What a kernel prints goes the way of its log, line by line and at once, so that a dying thread loses none of it. */
export function captureOutput(outbox: Outbox): void {
  const stream = (level: LogLine['level']) =>
    new Writable({
      decodeStrings: false,
      write(chunk: unknown, _encoding, done) {
        for (const text of String(chunk).split('\n')) if (text !== '') outbox.log(level, text)
        done()
      },
    })
  const [stdout, stderr] = [stream(30), stream(40)]
  Object.defineProperty(process, 'stdout', { value: stdout })
  Object.defineProperty(process, 'stderr', { value: stderr })
  globalThis.console = new Console({ stdout, stderr })
}
