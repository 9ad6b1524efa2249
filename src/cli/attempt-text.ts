/** One attempt at a repair for a terminal: its steps with the patch, its cost, and its proof line by line. */
import { redactText, safeLine } from '../base/redact.ts'
import { proofLineNames, type RepairCost, type Verdict } from '../base/remedy.ts'
import type { AttemptRow } from '../journal/rows.ts'
import { describeStep } from '../playbook/explain.ts'
import { print } from './command.ts'
import { count, duration, styled } from './terminal.ts'

const proofNameWidth = Math.max(...proofLineNames.map((name) => name.length))

export function showAttempt({ n, agent, outcome, why, steps, verdict, cost }: AttemptRow): void {
  print('', `  ${styled('bold', `repair ${n}`)}  ${agent}: ${outcome}`, `    ${safeLine(why)}`)
  for (const step of steps) {
    print(`    step    ${step.do}: ${safeLine(redactText(describeStep(step)))}`)
    if (step.do === 'apply_patch' && outcome !== 'refused') showPatch(step.patch)
  }
  if (cost !== undefined) print(`    cost    ${costText(cost)}`)
  if (verdict !== undefined) showVerdict(verdict, '    ')
}

/** Of the agent, its waiting for proofs left out. */
function costText({ durationMs, sandboxRuns, tokensIn, tokensOut, usd }: RepairCost): string {
  const parts = [`${duration(durationMs)} of the agent`]
  if (sandboxRuns > 0) parts.push(count(sandboxRuns, 'sandbox run'))
  if (tokensIn + tokensOut > 0) parts.push(`${tokensIn} tokens in and ${tokensOut} out`)
  if (usd > 0) parts.push(`${usd.toFixed(4)} USD`)
  return parts.join(', ')
}

export function showVerdict({ lines, refusal, isolation, durationMs }: Verdict, indent: string): void {
  for (const { name, passed, detail, durationMs: tookMs } of lines) {
    const mark = styled(passed ? 'green' : 'red', passed ? 'passed' : 'failed')
    print(
      `${indent}${mark}  ${name.padEnd(proofNameWidth)}  ${safeLine(redactText(detail))} ${styled('dim', duration(tookMs))}`,
    )
  }
  if (lines.length > 0) print(`${indent}judged in ${isolation} isolation, in ${duration(durationMs)}`)
  const last = lines.at(-1)
  const isSaid = last !== undefined && refusal === `${last.name}: ${last.detail}`
  if (refusal !== undefined && !isSaid) print(`${indent}${styled('red', 'refused')} ${safeLine(redactText(refusal))}`)
}

/** More lines of a patch than a person reads on a terminal are left to --json. */
const patchLines = 60

function showPatch(patch: string): void {
  const lines = patch.trimEnd().split('\n')
  for (const line of lines.slice(0, patchLines)) {
    const style = line.startsWith('+') ? 'green' : line.startsWith('-') ? 'red' : 'dim'
    print(`            ${styled(style, safeLine(redactText(line)))}`)
  }
  if (lines.length > patchLines) print(`            ${count(lines.length - patchLines, 'line')} more: see --json`)
}
