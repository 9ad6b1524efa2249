/** What the command line may ask of a runtime: each op of the protocol, and what is accepted as its parameters. */
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { type ApplyTo, applyTargets, isApplyTo } from '../base/remedy.ts'
import type { InspectedActor } from '../chart/inspected.ts'
import type { Journal } from '../journal/journal.ts'
import type { HistoryPage, HistoryStep } from '../supervisor/history.ts'
import type { HotfixDesk } from '../supervisor/hotfix-desk.ts'
import type { PlaybookDesk } from '../supervisor/playbook-commands.ts'
import { playbooksInWords } from '../supervisor/playbooks-in-words.ts'
import type { RepairsState } from '../supervisor/repair-switch.ts'
import type { KernelStatus } from '../supervisor/status.ts'
import type { TaskDesk } from '../supervisor/task-desk.ts'
import { type LettersAndLogs, letterOps } from './letter-ops.ts'
import type { ControlTable } from './server.ts'
import type { Followable } from './streams.ts'
import { taskOps, withoutSecrets } from './task-ops.ts'

/** The part of a runtime that can be reached from outside. */
export interface Controllable extends LettersAndLogs, Followable {
  status(): KernelStatus[]
  kernel(
    id: string,
  ): Readonly<Record<'restart' | 'quarantine' | 'repair' | 'rejoin' | 'park', () => Promise<KernelStatus>>>
  approve(task: string, options?: { readonly apply?: ApplyTo }): Promise<KernelStatus>
  reject(task: string): Promise<KernelStatus>
  readonly journal: Pick<
    Journal,
    | 'incidents'
    | 'incident'
    | 'attempts'
    | 'tasks'
    | 'deadLetters'
    | 'deadLetterCount'
    | 'lastPlaybookUses'
    | 'hotfixes'
    | 'playbookVersions'
    | 'playbookVersion'
  >
  readonly playbooks: PlaybookDesk
  readonly hotfixes: Pick<HotfixDesk, 'apply' | 'revert'>
  readonly repairs: RepairsState
  setRepairs(on: boolean, why?: string): RepairsState
  readonly tasks: Omit<TaskDesk, 'close'>
  /** What is known of one incident, for people: see dashboard/story.ts, which lies above this. */
  story(incident: string): unknown
  history(id: string, page?: HistoryPage): HistoryStep[]
  machines(id: string): InspectedActor[]
}

export function controlTable(runtime: Controllable): ControlTable {
  const text = (params: Readonly<Record<string, unknown>>, name: string): string => {
    const value = params[name]
    if (typeof value === 'string') return value
    throw new LazaretError('OPTION_INVALID', `${name} must be a text. Got: ${typeof value}.`)
  }
  const kernel = (params: Readonly<Record<string, unknown>>) => runtime.kernel(text(params, 'kernel'))
  const count = (value: unknown): number =>
    typeof value === 'number' && value > 0 ? Math.min(Math.floor(value), 1000) : 100
  return {
    ...taskOps(runtime.tasks),
    ...letterOps(runtime),
    ...chartOps(runtime, (params) => text(params, 'kernel')),
    status: () => runtime.status(),
    incidents: ({ kernel, limit }) =>
      runtime.journal
        .incidents({ ...(typeof kernel === 'string' && { kernel }), limit: count(limit) })
        .map(withoutSecrets),
    incident: (params) => {
      const row = runtime.journal.incident(text(params, 'incident'))
      if (row === undefined) throw new LazaretError('NOT_FOUND', `There is no incident ${String(params.incident)}.`)
      return { ...withoutSecrets(row), attempts: runtime.journal.attempts(row.id) }
    },
    story: (params) => runtime.story(text(params, 'incident')),
    // Open ones are what somebody must see: all of them.
    tasks: ({ status, limit }) =>
      runtime.journal.tasks(
        status === 'open' ? { status } : { ...(status === 'closed' && { status }), limit: count(limit) },
      ),
    playbooks: () => runtime.playbooks.list(),
    playbooksInWords: () => playbooksInWords(runtime.playbooks.list(), runtime.journal.lastPlaybookUses()),
    restart: (params) => kernel(params).restart(),
    quarantine: (params) => kernel(params).quarantine(),
    repair: (params) => kernel(params).repair(),
    rejoin: (params) => kernel(params).rejoin(),
    park: (params) => kernel(params).park(),
    approve: (params) => {
      const { apply } = params
      if (apply === undefined || isApplyTo(apply)) return runtime.approve(text(params, 'task'), apply && { apply })
      throw new LazaretError(
        'OPTION_INVALID',
        `apply must be one of ${applyTargets.join(', ')}. Got: ${typeof apply === 'string' ? apply.slice(0, 100) : typeof apply}.`,
      )
    },
    reject: (params) => runtime.reject(text(params, 'task')),
    // Without their texts, which would not fit a line; one with its text where a version is named.
    playbookVersions: (params) =>
      typeof params.version === 'number'
        ? runtime.journal.playbookVersion(text(params, 'kernel'), params.version)
        : runtime.journal.playbookVersions(text(params, 'kernel')).map(({ text: _, ...row }) => row),
    dryRunPlaybook: (params) => runtime.playbooks.dryRun(text(params, 'kernel'), text(params, 'name')),
    runPlaybook: (params) => runtime.playbooks.run(text(params, 'kernel'), text(params, 'name')),
    hotfixes: ({ kernel }) => runtime.journal.hotfixes(typeof kernel === 'string' ? kernel : undefined),
    applyHotfix: (params) => runtime.hotfixes.apply(text(params, 'hotfix')),
    revertHotfix: (params) => runtime.hotfixes.revert(text(params, 'hotfix')),
    repairs: ({ on, why }) =>
      typeof on === 'boolean' ? runtime.setRepairs(on, typeof why === 'string' ? why : undefined) : runtime.repairs,
  }
}

function chartOps(
  runtime: Controllable,
  kernelIn: (params: Readonly<Record<string, unknown>>) => string,
): Pick<ControlTable, 'history' | 'machines'> {
  return {
    history: ({ before, limit, ...params }) =>
      runtime.history(kernelIn(params), {
        ...(typeof before === 'number' && { before }),
        ...(typeof limit === 'number' && { limit: Math.min(limit, limits.historyStepsCeiling) }),
      }),
    machines: (params) => runtime.machines(kernelIn(params)),
  }
}
