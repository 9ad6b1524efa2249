/** The agents that need nobody's help, cheapest first; last the one that gives something up. */
import type { RepairAgent } from './agent.ts'
import { guard } from './guard.ts'
import { languageService } from './language-service.ts'
import { minimalRevert } from './minimal-revert.ts'
import { playbookAgent } from './playbook.ts'
import { restoreCode, restoreConfig, restoreState } from './restore.ts'

export const agentChain: readonly RepairAgent[] = [
  ...[playbookAgent, restoreState, restoreConfig, minimalRevert, restoreCode],
  ...[languageService, guard],
]
