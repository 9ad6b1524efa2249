/** The agents from outside that are configured, in the order of asking. They come after those that need nobody's help. */
import type { AgentsSpec } from '../../base/agents-spec.ts'
import type { RepairAgent } from './agent.ts'
import { makeModelAgent } from './model.ts'

export function outsideAgents(spec: AgentsSpec): readonly RepairAgent[] {
  return [...(spec.model === undefined ? [] : [makeModelAgent(spec.model)])]
}
