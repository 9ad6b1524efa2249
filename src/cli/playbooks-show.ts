/** Playbooks on a terminal: the list, one in full, its history, and what its steps would do. It reads nothing itself. */

import { safeLine } from '../base/redact.ts'
import type { PlaybookVersionRow } from '../journal/rows.ts'
import { describePrecondition, describeStep } from '../playbook/explain.ts'
import type { Playbook } from '../playbook/schema.ts'
import type { DryStep } from '../repair/dry-run.ts'
import { print } from './command.ts'
import { ago, type Cell, styled, table } from './terminal.ts'

const trustStyles = { trusted: 'green', trial: 'yellow', suspended: 'red' } as const

export function showList(found: readonly Playbook[]): void {
  const columns = [
    ...[{ title: 'KERNEL' }, { title: 'PLAYBOOK' }, { title: 'TRUST' }],
    ...([
      { title: 'HEALED', right: true, spare: 1 },
      { title: 'FAILED', right: true, spare: 2 },
    ] as const),
    ...[{ title: 'STEPS' }, { title: 'FAILURE' }],
  ]
  const rows = found.map((playbook): Cell[] => [
    ...[playbook.kernel, playbook.name, { text: playbook.trust, style: trustStyles[playbook.trust] }],
    ...[String(playbook.successes), String(playbook.failures)],
    ...[playbook.steps.map((step) => step.do).join(', '), playbook.failure.error],
  ])
  print(table(columns, rows))
}

export function showPlaybook(playbook: Playbook): void {
  const { name, kernel, trust, failure, fingerprint, successes, failures, learnt, why, steps } = playbook
  print(`${styled('bold', name)}  of ${kernel}, ${styled(trustStyles[trust], trust)}`)
  print(`  failure      ${safeLine(failure.error)} (in ${failure.phase}, ${fingerprint})`)
  print(`  why          ${safeLine(why)}`)
  if (learnt !== undefined) print(`  learnt       ${learnt.at} from ${learnt.incident}, by ${learnt.agent}`)
  print(`  uses         ${successes} healed, ${failures} failed`, '')
  for (const [index, step] of steps.entries()) {
    print(`  ${index + 1}. ${styled('bold', step.do)}  ${safeLine(describeStep(step))}.`)
    if (step.onlyIf !== undefined) print(`     only if ${safeLine(describePrecondition(step.onlyIf))}`)
    if (step.timeoutMs !== undefined) print(`     within ${step.timeoutMs} ms`)
  }
}

export type VersionFacts = Omit<PlaybookVersionRow, 'text'>

export function showVersions(kernel: string, rows: readonly VersionFacts[], nowMs: number): void {
  if (rows.length === 0) {
    print(`No version of the playbooks of ${kernel} has been written down yet.`)
    return
  }
  const columns = [{ title: 'VERSION', right: true }, { title: 'WHEN' }, { title: 'CHANGE' }] as const
  const cells = rows.map(({ version, at, change }): Cell[] => [String(version), ago(at, nowMs), safeLine(change)])
  print(table(columns, cells), '', `An old text: lazaret playbooks show ${kernel} --version ${rows[0]?.version ?? 1}`)
}

const outcomeStyles = { 'would be done': 'green', 'left out': 'dim', refused: 'red', 'not known': 'yellow' } as const

export function showDryRun({ name, kernel, steps }: Playbook, rows: readonly DryStep[]): void {
  print(`${styled('bold', name)} of ${kernel}: nothing was changed, and nothing is proved by this.`, '')
  for (const { n, do: what, outcome, detail } of rows) {
    const step = steps[n - 1]
    print(`  ${n}. ${styled('bold', what)}  ${step === undefined ? '' : `${safeLine(describeStep(step))}.`}`)
    print(`     ${styled(outcomeStyles[outcome], outcome)}: ${safeLine(detail)}`)
  }
}
