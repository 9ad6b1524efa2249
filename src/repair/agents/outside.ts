/** The agents from outside that are configured, in the order of asking. They come after those that need nobody's help. */
import type { AgentsSpec } from '../../base/agents-spec.ts'
import { makeAcpAgent } from './acp.ts'
import type { RepairAgent } from './agent.ts'
import { makeCommandAgent } from './command.ts'
import { makeModelAgent } from './model.ts'

/** @param hidden folders that no program is to see, in bubblewrap. */
export function outsideAgents({ model, command, acp }: AgentsSpec, hidden: readonly string[]): readonly RepairAgent[] {
  return [
    ...(model === undefined ? [] : [makeModelAgent(model)]),
    ...(command === undefined ? [] : [makeCommandAgent(command, { hidden })]),
    ...(acp === undefined ? [] : [makeAcpAgent(acp, { hidden })]),
  ]
}
