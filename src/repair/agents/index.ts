/** The agents that need nobody's help, cheapest first. */
import type { RepairAgent } from './agent.ts'
import { playbookAgent } from './playbook.ts'
import { restoreCode, restoreConfig, restoreState } from './restore.ts'

export const agentChain: readonly RepairAgent[] = [playbookAgent, restoreState, restoreConfig, restoreCode]
