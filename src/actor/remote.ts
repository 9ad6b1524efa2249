/**
 * A kernel as a Comlink remote: functions given with a call can be called from there, and buffers move instead of being
 * copied. What Comlink leaves open is closed here. Each call is in a table that answers it at its deadline, or when the
 * instance ends; errors travel as records; and nothing but a call of one method can be said: no properties, no paths,
 * no constructors.
 *
 * Comlink makes the proxies, numbers the calls and applies the functions; it never sees a port, only an end of a line.
 */
import { toRecord } from '../base/error-record.ts'
import type { LazaretError } from '../base/errors.ts'
import { askThrough, type Call, CallingEnd, marked } from './calling-end.ts'
import { comlink } from './comlink.ts'
import type { AnyMethod } from './kernel.ts'
import type { Lines } from './line.ts'
import { methods } from './ref.ts'
import { nameOnWire, type Serve, ServingEnd } from './serving-end.ts'

export type { RemoteCall } from './serving-end.ts'

/** A remote over a new line, of which the other party hears first. */
export function openRemote(lines: Lines, call: Call): object {
  const end = new CallingEnd(lines, call.to, giveFunction)
  lines.say({ t: 'lineOpen', line: end.line, to: call.to })
  const inner = comlink().wrap<Record<string, AnyMethod>>(end.endpoint)
  // Comlink makes a proxy at each look, and registers it with the garbage collector: one for each method is enough.
  const proxies = new Map<string, AnyMethod>()
  const release = () => end.release()
  return methods(
    (method, args) => {
      const proxied = proxies.get(method) ?? (inner[nameOnWire(method)] as AnyMethod)
      proxies.set(method, proxied)
      return askThrough(end, call, method, () => proxied(...args.map(marked)))
    },
    { [Symbol.dispose]: release, [comlink().releaseProxy]: release },
  )
}

/** A remote of a kernel that nobody serves now. */
export function refusedRemote(error: () => LazaretError): object {
  return methods(() => Promise.reject(error()), { [Symbol.dispose]: () => undefined })
}

/** A function that is given is run as a timer's is: beside the messages, for its holder may have the kernel waiting. */
function giveFunction(lines: Lines, given: AnyMethod): number {
  const serve: Serve = {
    receive: ({ args, answer }) => {
      const run = () =>
        Promise.try(given, ...args).then(
          (value) => ({ ok: true as const, value }),
          (thrown: unknown) => {
            lines.onThrown(thrown)
            return { ok: false as const, error: toRecord(thrown) }
          },
        )
      // It rejects where run() does, which it does not.
      void answer(run)
    },
  }
  return new ServingEnd(lines, serve).line
}

/**
 * The api of a kernel, at this end of a line that the other party has opened: each call is handed over to be queued.
 * @param callbacks how the kernel's calls of functions that it was given are settled.
 */
export function serveRemote(lines: Lines, line: number, serve: Required<Serve>): void {
  new ServingEnd(lines, serve, line)
}
