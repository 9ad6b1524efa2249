/** An incident in three sentences: what failed, where it stands now, and what a person is needed for. Pure. */
import { describeRecord } from '../base/error-record.ts'
import { duration } from '../base/words.ts'
import type { SourceFrame } from '../diagnostics/source-frames.ts'
import type { IncidentRow } from '../journal/rows.ts'
import { oneLine } from './plain.ts'
import type { Headline, StoryKernel, StoryTask } from './story-shape.ts'

const places: Readonly<Record<IncidentRow['phase'], string>> = {
  import: 'while its code was loaded',
  start: 'in start()',
  message: 'while it handled a message',
  idle: 'between messages',
  snapshot: 'while its state was saved',
  stop: 'while it was stopped',
}

const healed: Readonly<Record<NonNullable<IncidentRow['healedBy']>, string>> = {
  restart: 'by a restart',
  state: 'by going back to a good state',
  config: 'by its configuration',
  code: 'by a patch of its code',
  'parked message': 'by refusing the message that crashed it',
  playbook: 'by a playbook',
  restore: 'by going back to its golden snapshot',
  failover: 'by failing over to a standby',
  person: 'by a person',
}

/** @param frame the innermost one of the kernel's own. */
export function headlineOf(
  row: IncidentRow,
  frame: SourceFrame | undefined,
  kernel: StoryKernel | undefined,
  task: StoryTask | undefined,
): Headline {
  const { error, phase } = row
  // Our own errors are sentences by themselves.
  const said = oneLine(error.name === 'LazaretError' ? error.message : describeRecord(error), 300)
  const file = frame?.file.split('/').at(-1)
  const at = file === undefined ? '' : `, at ${file}:${frame?.line}`
  const what = `${said.replace(/\.$/, '')} (${places[phase]}${at})`
  if (row.status === 'resolved') return { what, ...resolvedNow(row) }
  return { what, ...openNow(row, kernel, task) }
}

function resolvedNow({ healedBy, openedAt, resolvedAt }: IncidentRow): Omit<Headline, 'what'> {
  const how = healedBy === undefined ? '' : ` ${healed[healedBy] ?? `by ${healedBy}`}`
  const after = resolvedAt === undefined ? '' : `, ${duration(resolvedAt - openedAt)} after it was opened`
  return { now: `Healed${how}${after}.`, tone: 'good' }
}

function openNow(
  { kernel: id }: IncidentRow,
  kernel: StoryKernel | undefined,
  task: StoryTask | undefined,
): Omit<Headline, 'what'> {
  if (kernel === undefined) return { now: `${id} is not in the fleet any more.`, tone: 'watch' }
  const served =
    kernel.servedBy === undefined ? '' : `, ${servedWords[kernel.servedBy] ?? `served by ${kernel.servedBy}`}`
  const [first = '', second] = kernel.state.split('.')
  if (task?.waits === true) {
    return {
      now: `Out of service${served}.`,
      tone: 'calm',
      need: 'A repair has been proved and waits for your word: approve it or reject it.',
    }
  }
  if (second === 'parked') {
    const why = kernel.why === undefined ? '.' : `: ${sentence(kernel.why)}`
    return {
      now: `Parked${served}${why}`,
      tone: 'bad',
      need: `Mend it, then let it rejoin; or ask for another repair.`,
    }
  }
  if (!kernel.live) return { now: `No runtime runs; the next start goes on from ${kernel.state}.`, tone: 'watch' }
  if (first === 'repairing') return { now: `A repair is being proved in the sandbox${served}.`, tone: 'calm' }
  if (first === 'rejoined') return { now: `Repaired, and back on probation${served}.`, tone: 'calm' }
  if (first === 'running') return { now: `In service again${served}.`, tone: 'good' }
  return { now: `${first === 'failed' ? 'Failed' : 'Out of service'}${served}; the ladder goes on.`, tone: 'bad' }
}

const servedWords: Readonly<Record<string, string>> = {
  instance: 'its instance answers',
  standby: 'a standby answers meanwhile',
  fallback: 'its fallback answers meanwhile',
  reroute: 'another kernel gets its messages meanwhile',
  buffer: 'its messages are kept meanwhile',
  reject: 'its callers are refused meanwhile',
  nobody: 'nobody answers',
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
