/** What the runs share: the script with what is known only now, and how each is interrupted. */
import { LazaretError } from '../base/errors.ts'
import { script } from './defects.ts'
import type { Hooks } from './hooks.ts'
import type { Script } from './stage.ts'

/** The webhooks may speak to the callers' own server too; their check needs the host that stands there. */
export function scriptFor({ host }: Hooks): Script {
  return {
    ...script,
    settings: [...script.settings, { kernel: 'webhooks', set: { config: { allow: ['hooks.invalid', host] } } }],
  }
}

/** Rejects when the run is interrupted. @param what in the words of its message: `The stress run`. */
export function interruption(signal: AbortSignal | undefined, what: string): Promise<never> {
  const abort = new Promise<never>((_, reject) => {
    const interrupted = () => reject(new LazaretError('RUNTIME_STOPPED', `${what} was interrupted.`))
    if (signal?.aborted) interrupted()
    signal?.addEventListener('abort', interrupted)
  })
  // Nobody may be waiting for it any more when the interruption comes.
  abort.catch(() => undefined)
  return abort
}
