/**
 * Proposes to refuse one message for good, where that message is what crashes the kernel. It comes last, because it gives
 * the message up and mends nothing. The proof decides whether it holds: the recorded messages crash the kernel, and
 * without this one they do not.
 *
 * A message that is in hand at two crashes is parked by the supervisor without a repair. This is for what that cannot
 * see: a budget too small for a second crash, and a message that crashes the kernel later, in a timer it has set.
 */
import { sha256 } from '../../base/hash.ts'
import { limits } from '../../base/limits.ts'
import type { FailurePhase, RecordedMessage, Remedy } from '../../base/remedy.ts'
import type { RepairAgent } from './agent.ts'

/** In the others no message was there yet, or none is to blame. */
const phases: ReadonlySet<FailurePhase> = new Set(['message', 'idle'])

export const guard: RepairAgent = {
  name: 'guard',
  async propose({ evidence }) {
    if (!phases.has(evidence.phase)) return []
    const remedies = new Map<string, Remedy>()
    for (const message of evidence.messages.toReversed()) {
      if (remedies.size >= limits.guardMessages) break
      const { method } = message
      // The same hash as that of the arguments themselves (routing): both are of their serialisation.
      const argsSha256 = sha256(message.args)
      const key = `${method}\0${argsSha256}`
      if (!remedies.has(key)) remedies.set(key, remedyFor(message, argsSha256))
    }
    return [...remedies.values()]
  },
}

function remedyFor({ method, from }: RecordedMessage, argsSha256: string): Remedy {
  return {
    ...{ agent: 'guard', healedBy: 'parked message', steps: [{ do: 'park_message', method, argsSha256 }] },
    why: `The call of ${method} by ${from} is given up: with it the kernel crashes, without it the kernel does not.`,
  }
}
