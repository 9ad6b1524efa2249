/** What a drill is shown as: one page of 60 lines and 80 columns at most, and the same as Markdown. */
import { safeLine } from '../base/redact.ts'
import {
  type DrillReport,
  type DrillStep,
  drillExitCode,
  isForPerson,
  type KernelDrill,
  type LeftOut,
} from '../chaos/drill/report.ts'
import { type Cell, type Column, clip, count, duration, pathFromHere, styled, table, wrap } from './terminal.ts'

const width = 80
const pageLines = 60

export function drillPage(report: DrillReport): string[] {
  const { drills, leftOut, brokenBefore, all } = report
  const title = `Drill of ${pathFromHere(report.fleet)}: ${count(report.kernels, 'kernel')}, in a copy`
  const lines = [styled('bold', safeLine(title)), ...listed('Failed before anything was let loose:', brokenBefore, 8)]
  const last = drills.at(-1)
  if (all) lines.push(...tableOf(drills), ...missing(drills))
  else {
    for (const passedOver of drills.slice(0, -1)) {
      lines.push(
        ...folded(
          `${passedOver.kernel} is passed over: it needs ${passedOver.unsuitable}, which the sandbox does not give.`,
          2,
        ),
      )
    }
    if (last !== undefined) lines.push(...detailOf(last))
  }
  lines.push(...listed('Not drilled:', leftOut, all || last === undefined ? 24 : 4))
  lines.push('', ...folded(`In the copy: ${report.changed}.`, 2).map((line) => styled('dim', line)))
  if (report.folder !== undefined) lines.push(...folded(`Kept: ${report.folder}`, 2))
  const verdict = folded(verdictOf(report), 0).map((line) => styled(report.passed ? 'green' : 'red', line))
  return [...fitted(lines, pageLines - verdict.length - 1), '', ...verdict]
}

/** The end is what matters most, and it is added later. */
function fitted(lines: readonly string[], room: number): string[] {
  if (lines.length <= room) return [...lines]
  return [...lines.slice(0, room - 1), `... ${lines.length - room + 1} more lines: lazaret drill --json has all of it`]
}

function folded(text: string, indent: number): string[] {
  const [first = '', ...rest] = wrap(safeLine(text), width - indent)
  return [first, ...rest.map((line) => ' '.repeat(indent) + line)]
}

/** A label, and beside it texts of their own lines, each folded in its column. */
function beside(label: string, room: number, texts: readonly string[]): string[] {
  const lines = texts.flatMap((text) => {
    const [first = '', ...rest] = wrap(safeLine(text), width - room - 2)
    return [first, ...rest.map((line) => `  ${line}`)]
  })
  const blank = ' '.repeat(room)
  return lines.map((line, index) => (index === 0 ? label : blank) + line)
}

function listed(title: string, all: readonly LeftOut[], most: number): string[] {
  if (all.length === 0) return []
  const lines = all.slice(0, most).map(({ kernel, why }) => clip(safeLine(`  ${kernel}: ${why}`), width))
  if (all.length > most) lines.push(`  and ${all.length - most} more`)
  return ['', styled('yellow', title), ...lines]
}

const mark = (ran: boolean) => (ran ? styled('green', 'ok') : styled('red', 'NO'))
const after = ({ tookMs }: DrillStep) => (tookMs === undefined ? '-' : duration(tookMs))

function proofTitle({ agent, provedLater }: KernelDrill): string {
  if (agent === undefined) return 'The last proof'
  return `The proof of ${agent}${provedLater ? ', as its playbook used it' : ''}`
}

function detailOf(drill: KernelDrill): string[] {
  const { kernel, tier, defect, steps, proof, isolation, notes } = drill
  const lines = [...folded(`${kernel}, tier ${tier}: ${defect}`, 2), '']
  for (const [index, step] of steps.entries()) {
    const label = `${index + 1} ${step.name.padEnd(10)}  ${mark(step.ran)}  ${after(step).padStart(7)}  `
    lines.push(...beside(label, 27, step.look === undefined ? step.shown : [...step.shown, `look at: ${step.look}`]))
  }
  if (proof.length > 0) {
    const of = proofTitle(drill)
    lines.push('', styled('bold', isolation === undefined ? of : `${of}, isolation ${isolation}`))
    for (const { name, passed, detail } of proof) {
      lines.push(...beside(`  ${name.padEnd(11)} ${mark(passed)}  `, 18, [detail]))
    }
  }
  return [...lines, ...(notes.length === 0 ? [] : ['', ...notes.flatMap((note) => folded(`Note: ${note}.`, 2))])]
}

const columns: readonly Column[] = [
  ...[{ title: 'kernel' }, { title: 'tier', right: true as const }, { title: 'steps' }, { title: 'repaired by' }],
  ...(['served', 'again'] as const).map((title) => ({ title, right: true as const })),
  { title: 'note' },
]

/** Of each that did not pass the first step that did not run. */
function missing(drills: readonly KernelDrill[]): string[] {
  return drills.flatMap((drill) => {
    const at = drill.steps.findIndex(({ ran }) => !ran)
    const step = drill.steps[at]
    if (step === undefined) return []
    const why = [step.shown[0] ?? '', ...(step.look === undefined ? [] : [`look at: ${step.look}`])].join('; ')
    return ['', ...folded(`${drill.kernel}, step ${at + 1} ${step.name}: ${why}`, 2)]
  })
}

function styleOf(drill: KernelDrill): 'green' | 'yellow' | 'red' {
  if (drill.passed) return 'green'
  return isForPerson(drill) ? 'yellow' : 'red'
}

function tableOf(drills: readonly KernelDrill[]): string[] {
  const rows = drills.map((drill): Cell[] => {
    const ran = drill.steps.filter((step) => step.ran).length
    const time = (ms: number | undefined) => (ms === undefined ? '-' : duration(ms))
    return [
      ...[drill.kernel, String(drill.tier), { text: `${ran} of 5`, style: styleOf(drill) } as const],
      ...[drill.agent ?? '-', time(drill.healMs), time(drill.againMs), drill.notes.length === 0 ? '' : 'no check.ts'],
    ]
  })
  return ['', ...table(columns, rows, width).split('\n')]
}

/** The last line of the page: what the exit code says. */
export function verdictOf(report: DrillReport): string {
  const { drills, brokenBefore, passed, tookMs } = report
  const took = `(${duration(tookMs)})`
  if (drillExitCode(report) === 2) return `NOT DRILLED: no kernel of this fleet could be drilled ${took}`
  const last = drills.at(-1)
  const good = drills.filter((drill) => drill.passed)
  if (passed && good.length > 1) {
    const rest = drills
      .filter(isForPerson)
      .map(({ kernel, unsuitable }) => `; a person repairs ${kernel}, which needs ${unsuitable}`)
    return `PASSED: all five steps ran for ${count(good.length, 'kernel')}${rest.join('')} ${took}`
  }
  if (passed) return `PASSED: all five steps ran for ${last?.kernel} ${took}`
  if (brokenBefore.length > 0) {
    return `FAILED: ${brokenBefore.map(({ kernel }) => kernel).join(', ')} failed before anything was let loose ${took}`
  }
  const bad = drills.filter((drill) => !drill.passed && !isForPerson(drill))
  if (bad.length > 1) return `FAILED: not every step ran for ${bad.map(({ kernel }) => kernel).join(', ')} ${took}`
  const missing = bad[0]?.steps.flatMap(({ ran, name }, index) => (ran ? [] : [`${index + 1} ${name}`])) ?? []
  return `FAILED: for ${bad[0]?.kernel} step ${missing.join(', ')} did not run ${took}`
}

export function drillMarkdown(report: DrillReport): string {
  const { drills, brokenBefore, leftOut } = report
  const lines = [
    `# Lazaret drill`,
    '',
    `**${verdictOf(report)}**`,
    '',
    `Fleet: \`${report.fleet}\`, ${count(report.kernels, 'kernel')}, in a copy.`,
  ]
  const list = (title: string, all: readonly LeftOut[]) =>
    all.length === 0
      ? []
      : ['', title, '', ...all.slice(0, 12).map(({ kernel, why }) => `- \`${kernel}\`: ${cell(why)}`)]
  lines.push(...list('Failed before anything was let loose:', brokenBefore))
  const last = drills.at(-1)
  if (report.all) {
    lines.push('', '| kernel | tier | steps | repaired by | served | again |', '|---|--:|---|---|--:|--:|')
    for (const { kernel, tier, steps, agent, healMs, againMs } of drills) {
      const ran = steps.filter((step) => step.ran).length
      const time = (ms: number | undefined) => (ms === undefined ? '-' : duration(ms))
      lines.push(`| ${kernel} | ${tier} | ${ran} of 5 | ${agent ?? '-'} | ${time(healMs)} | ${time(againMs)} |`)
    }
  } else if (last !== undefined) lines.push(...markdownOf(last))
  lines.push(...list('Not drilled:', leftOut), '', `In the copy: ${report.changed}.`)
  return `${fitted(lines, pageLines).join('\n')}\n`
}

function markdownOf(drill: KernelDrill): string[] {
  const { kernel, tier, defect, steps, proof, isolation, notes } = drill
  const lines = ['', `## ${kernel}, tier ${tier}`, '', `Defect: ${cell(defect)}.`, '']
  lines.push('| step | ran | after | what showed it |', '|---|---|--:|---|')
  for (const [index, each] of steps.entries()) {
    const shown = each.look === undefined ? each.shown : [...each.shown, `look at: ${each.look}`]
    lines.push(
      `| ${index + 1} ${each.name} | ${each.ran ? 'yes' : '**no**'} | ${after(each)} | ${shown.map(cell).join('; ')} |`,
    )
  }
  if (proof.length > 0) {
    const of = `${proofTitle(drill)}${isolation === undefined ? '' : `, isolation ${isolation}`}:`
    lines.push(
      '',
      of,
      '',
      ...proof.map(({ name, passed, detail }) => `- ${name}: ${passed ? 'holds' : '**falls**'}. ${cell(detail)}`),
    )
  }
  return [...lines, ...notes.flatMap((note) => ['', `Note: ${cell(note)}.`])]
}

/** What a kernel says is no markup. */
function cell(text: string): string {
  return safeLine(text).replace(/[|`<*_[\]\\]/g, '\\$&')
}
