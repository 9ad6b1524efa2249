/**
 * What a person can do with one playbook of a running fleet: run it on a kernel that is out of service, or look at what it
 * would do. Running it is a repair by command: proved first, applied and watched like any other.
 */
import { join } from 'node:path'
import { LazaretError } from '../base/errors.ts'
import { toRemedy } from '../playbook/generate.ts'
import type { Playbook } from '../playbook/schema.ts'
import { type DryStep, dryRun } from '../repair/dry-run.ts'
import { readSources } from '../repair/sources.ts'
import { repairAsApproved } from './commands.ts'
import { evidenceOf } from './escalation.ts'
import { fittingHotfix } from './hotfixing.ts'
import { type House, kernelFolderUrl } from './house.ts'
import type { KernelStatus } from './status.ts'
import type { Unit } from './unit.ts'

export interface PlaybookDesk {
  /** Of one kernel, or of every kernel. */
  list(kernel?: string): readonly Playbook[]
  /**
   * Proves one playbook of a kernel that is out of service, and applies it where it holds; no other repair is tried.
   * @throws LazaretError UNKNOWN_KERNEL, NOT_FOUND; COMMAND_REFUSED where the kernel is in service, has no evidence to
   * prove it on, or the playbook is suspended.
   */
  run(kernel: string, name: string): Promise<KernelStatus>
  /** What each step would do to the kernel as it is now; nothing is changed. @throws LazaretError NOT_FOUND. */
  dryRun(kernel: string, name: string): Promise<DryStep[]>
}

/** @param unitOf throws where there is no such kernel, or the runtime takes no commands. */
export function playbookDesk(house: House, unitOf: (kernel: string) => Unit): PlaybookDesk {
  return {
    list: (kernel) => house.playbooks.list(kernel),
    run: async (kernel, name) => runPlaybook(house, unitOf(kernel), name),
    dryRun: async (kernel, name) => dryRunPlaybook(house, unitOf(kernel), name),
  }
}

/** @throws LazaretError NOT_FOUND where the kernel has no playbook of this name. */
function playbookNamed(house: House, unit: Unit, name: string): Playbook {
  const all = house.playbooks.list(unit.id)
  const found = all.find((playbook) => playbook.name === name)
  if (found !== undefined) return found
  const names = all.map((playbook) => playbook.name).join(', ')
  throw new LazaretError('NOT_FOUND', `${unit.id} has no playbook ${JSON.stringify(name)}.`, {
    kernel: unit.id,
    hint: names === '' ? 'It has none yet: lazaret playbooks' : `It has: ${names}.`,
  })
}

async function runPlaybook(house: House, unit: Unit, name: string): Promise<KernelStatus> {
  const playbook = playbookNamed(house, unit, name)
  if (playbook.trust === 'suspended') {
    throw new LazaretError('COMMAND_REFUSED', `The playbook ${name} of ${unit.id} is suspended: it failed.`, {
      kernel: unit.id,
      hint: 'Set its trust to trial in its file to give it another chance.',
    })
  }
  const { state } = unit.instance
  if (!state.startsWith('quarantined')) {
    const text = `A playbook is run on a kernel that is out of service; ${unit.id} is ${state}. It needs to be quarantined.`
    throw new LazaretError('COMMAND_REFUSED', text, {
      kernel: unit.id,
      details: { state },
      hint: `See what it would do: lazaret playbooks dry-run ${unit.id} ${name}`,
    })
  }
  unit.approvedAlone = true
  try {
    return await repairAsApproved(house, unit, toRemedy(playbook), undefined)
  } finally {
    unit.approvedAlone = false
  }
}

async function dryRunPlaybook(house: House, unit: Unit, name: string): Promise<DryStep[]> {
  const { steps } = playbookNamed(house, unit, name)
  const golden = await house.goldens.get(unit.id)
  const evidence = evidenceOf(house, unit)
  const { overlay } = fittingHotfix(unit)
  const files = evidence?.files ?? [...unit.files.values()]
  const config = evidence?.config ?? unit.boot?.config ?? unit.spec.config
  return dryRun({
    ...(await readSources({ files }, golden, overlay)),
    ...{ kernel: unit.id, steps, golden, config, kernelFolderUrl: kernelFolderUrl(unit.spec) },
    ...(evidence && { phase: evidence.phase, messages: evidence.messages }),
    dataDirOfKernel: join(house.dataDir, 'kernels', unit.id),
    serves: (id) => {
      const other = house.units.get(id)
      return other && other.servingThread !== undefined && !house.outOfService.has(id)
    },
  })
}
