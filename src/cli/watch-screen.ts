/**
 * The fleet on one screen of a terminal, as lines that fit it: whoever is in trouble first where not all fit, what a person
 * must see, what happened last. Pure; drawing it is in status-watch.ts.
 */
import type { LazaretEvent } from '../base/events.ts'
import { redactText, safeLine } from '../base/redact.ts'
import { narrate, type Tone } from '../dashboard/narrate.ts'
import type { RepairsState } from '../supervisor/repair-switch.ts'
import type { KernelStatus } from '../supervisor/status.ts'
import { inService, statusColumns, statusRow } from './status-table.ts'
import { clip, clockTime, count, duration, pathFromHere, type Style, styled, table, whatNow } from './terminal.ts'

export interface Watched {
  readonly dataDir: string
  readonly kernels: readonly KernelStatus[]
  readonly repairs: RepairsState
  /** Newest last. */
  readonly events: readonly LazaretEvent[]
  /** Since when nobody answers; absent while the runtime does. Epoch milliseconds. */
  readonly lostAt?: number
}

export interface Screen {
  readonly width: number
  readonly height: number
  /** Epoch milliseconds. */
  readonly nowMs: number
}

const noteLines = 4

export function watchScreen(watched: Watched, screen: Screen): string[] {
  const { width, height } = screen
  const notes = notesOf(watched.kernels, watched.repairs).slice(0, noteLines)
  const eventRoom = Math.max(0, Math.min(8, Math.floor((height - notes.length - 6) / 3)))
  const happened = lastEvents(watched, eventRoom, width)
  const below = [...(notes.length > 0 ? ['', ...notes.map((line) => clip(line, width))] : []), ...happened]
  // The head, a blank line, and the titles of the table.
  const room = Math.max(1, height - 3 - below.length)
  return [headLine(watched, screen), '', ...tableLines(watched.kernels, room, width), ...below].slice(0, height)
}

function headLine({ dataDir, kernels, lostAt }: Watched, { width, nowMs }: Screen): string {
  const right = clockTime(nowMs)
  const room = Math.max(10, width - right.length - 2)
  if (lostAt !== undefined) {
    const text = `The runtime in ${dataDir} went away ${duration(nowMs - lostAt)} ago; trying again`
    return `${styled(['bold', 'red'], clip(text, room).padEnd(room))}  ${right}`
  }
  const isWell = kernels.every(({ servedBy }) => servedBy === 'instance')
  const text = clip(`${dataDir}: ${inService(kernels)}`, room).padEnd(room)
  return `${styled(['bold', isWell ? 'green' : 'yellow'], text)}  ${styled('dim', right)}`
}

/** 0 is worst. */
function trouble({ state, servedBy, failures, findings = [] }: KernelStatus): number {
  const first = state.split('.', 1)[0]
  if (state === 'quarantined.parked') return 0
  if (first === 'quarantined' || first === 'failed') return 1
  if (first === 'repairing' || first === 'restarting' || servedBy !== 'instance') return 2
  if (first !== 'running' || failures > 0) return 3
  return findings.length > 0 ? 4 : 5
}

/** @param room lines below the titles. */
function tableLines(kernels: readonly KernelStatus[], room: number, width: number): string[] {
  if (kernels.length <= room) return table(statusColumns, kernels.map(statusRow), width).split('\n')
  // Sorting keeps the order of the fleet among equals.
  const byTrouble = kernels.toSorted((a, b) => trouble(a) - trouble(b))
  const shown = byTrouble.slice(0, Math.max(1, room - 1))
  const more = byTrouble.slice(shown.length)
  const troubled = more.filter((kernel) => trouble(kernel) < 5).length
  const text = troubled === 0 ? 'all of them well' : `${troubled} of them not well`
  const lines = table(statusColumns, shown.map(statusRow), width).split('\n')
  return [...lines, styled('dim', clip(`and ${more.length} more, ${text}`, width))]
}

/** What a person must do something about: the worst first. */
function notesOf(kernels: readonly KernelStatus[], repairs: RepairsState): string[] {
  const parked = kernels.flatMap(({ id, why }) =>
    why === undefined ? [] : [`${id} is parked: ${safeLine(redactText(whatNow(id, why)))}`],
  )
  const off = repairs.on
    ? []
    : [`Repairs are off${repairs.why === undefined ? '' : ` (${safeLine(repairs.why)})`}. On again: lazaret repairs on`]
  const open = kernels.flatMap(({ id, incident, why }) =>
    incident === undefined || why !== undefined ? [] : [`${id}: see lazaret incidents ${incident}`],
  )
  const all = [...off, ...parked, ...open]
  return all.length <= noteLines
    ? all
    : [
        ...all.slice(0, noteLines - 1),
        `and ${count(all.length - noteLines + 1, 'more matter')} for you: lazaret status`,
      ]
}

const styles: Readonly<Record<Tone, Style>> = {
  ...{ good: 'green', bad: 'red', watch: 'yellow', plain: 'dim' },
  urgent: ['bold', 'red'],
}
const wordWidth = 11

function lastEvents({ events }: Watched, room: number, width: number): string[] {
  if (room < 2) return []
  const told = events.flatMap((event) => {
    const sentence = narrate(event, pathFromHere)
    return sentence === undefined ? [] : [{ event, sentence }]
  })
  const shown = told.slice(1 - room)
  if (shown.length === 0) return []
  const lines = shown.map(({ event, sentence: { word, tone, text } }) => {
    const rest = clip(`${event.kernel ?? ''}  ${text}`.trim(), Math.max(8, width - 8 - 2 - wordWidth - 2))
    return `${styled('dim', clockTime(event.at))}  ${styled(styles[tone], clip(word, wordWidth).padEnd(wordWidth))}  ${rest}`
  })
  return ['', ...lines]
}
