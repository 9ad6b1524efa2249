/**
 * The end of a command that would go on for ever: Ctrl-C, a signal, or a reader that is gone (`lazaret logs -f | head -1`).
 * All of them are what the user wanted.
 */

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface Interruption extends Disposable {
  readonly signal: AbortSignal
}

export function untilInterrupted(): Interruption {
  const abort = new AbortController()
  const end = () => abort.abort()
  for (const name of signals) process.on(name, end)
  process.stdout.on('error', end)
  return {
    signal: abort.signal,
    [Symbol.dispose]() {
      for (const name of signals) process.off(name, end)
      process.stdout.off('error', end)
    },
  }
}
