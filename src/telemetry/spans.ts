/**
 * Restarts and repairs as spans of OpenTelemetry, made of the events when they are over: a restart from the crash until
 * the kernel serves again (or leaves service), a repair from its first candidate until it is applied or given up.
 */
import type { Tracing } from '../actor/tracing.ts'
import type { EventListener, EventType, LazaretEvent } from '../base/events.ts'

type Begun = { readonly at: number; readonly facts: Record<string, string | number> }

const restartEnds: ReadonlySet<EventType> = new Set(['kernel.restarted', 'kernel.quarantined'])
const repairEnds: ReadonlySet<EventType> = new Set(['hotfix.applied', 'repair.exhausted', 'kernel.parked'])

/** @returns a listener of every event. */
export function spansOfEvents(tracing: Pick<Tracing, 'past'>): EventListener {
  const restarts = new Map<string, Begun>()
  const repairs = new Map<string, Begun>()
  return (event) => {
    const { type, kernel, at } = event
    if (kernel === undefined) return
    if (type === 'kernel.crashed' && !restarts.has(kernel)) restarts.set(kernel, { at, facts: factsOf(event) })
    else if (type === 'repair.started' && !repairs.has(kernel)) repairs.set(kernel, { at, facts: factsOf(event) })
    if (restartEnds.has(type)) end('restart', restarts, event, type === 'kernel.quarantined')
    if (repairEnds.has(type)) end('repair', repairs, event, type !== 'hotfix.applied')
  }

  function end(what: string, begun: Map<string, Begun>, event: LazaretEvent, isFailure: boolean): void {
    const { kernel = '', at, type } = event
    const from = begun.get(kernel)
    if (from === undefined) return
    begun.delete(kernel)
    const facts = { ...from.facts, 'lazaret.kernel': kernel, 'lazaret.outcome': type }
    tracing.past(`${what} ${kernel}`, from.at, at, facts, isFailure ? type : undefined)
  }
}

function factsOf({ incident, phase, error }: LazaretEvent): Record<string, string | number> {
  const message = (error as { message?: unknown } | undefined)?.message
  return {
    ...(typeof incident === 'string' && { 'lazaret.incident': incident }),
    ...(typeof phase === 'string' && { 'lazaret.phase': phase }),
    ...(typeof message === 'string' && { 'exception.message': message }),
  }
}
