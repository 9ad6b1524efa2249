/** One incident for a terminal: what failed and where, the ladder with its times, the repairs, and what to do next. */
import { safeLine } from '../base/redact.ts'
import type { LadderStep, Story, StoryTone } from '../dashboard/story-shape.ts'
import type { SourceFrame } from '../diagnostics/source-frames.ts'
import type { AttemptRow } from '../journal/rows.ts'
import { showAttempt } from './attempt-text.ts'
import { print } from './command.ts'
import {
  ago,
  clip,
  clockTime,
  count,
  duration,
  pathFromHere,
  type Style,
  styled,
  terminalWidth,
  wrap,
} from './terminal.ts'

const nameChars = 11

/** What is left of a line; in a file or a pipe lines have no end, and what is searched for stands in one. */
function room(taken: number): number {
  return Math.max(32, (terminalWidth() ?? Number.POSITIVE_INFINITY) - taken)
}

export function showStory(story: Story, attempts: readonly AttemptRow[]): void {
  const { incident, headline, evidence, at, task } = story
  const isOpen = incident.status === 'open'
  print(styled('bold', incident.id))
  fact('kernel', `${incident.kernel} (tier ${incident.tier})`)
  fact('status', styled(isOpen ? 'red' : 'green', incident.status))
  fact('now', headline.now)
  fact('error', errorText(story))
  showSource(story)
  fact('phase', incident.phase)
  fact('fingerprint', incident.fingerprint)
  fact('opened', `${new Date(incident.openedAt).toISOString()}, ${ago(incident.openedAt, at)}`)
  fact('seen', count(incident.count, 'time'))
  if (evidence.folder !== undefined) fact('evidence', pathFromHere(evidence.folder))
  for (const problem of evidence.problems) fact('', problem, 'yellow')
  if (incident.resolvedAt !== undefined) fact('resolved', `after ${duration(incident.resolvedAt - incident.openedAt)}`)
  if (incident.resolution !== undefined) fact('how', incident.resolution)
  for (const text of evidence.drift) fact('drift', text, 'yellow')
  for (const text of evidence.damage) fact('damage', text, 'yellow')
  showLadder(story)
  for (const attempt of attempts) showAttempt(attempt)
  if (!isOpen) return
  if (task?.waits === true)
    print('', `To apply the proved repair: lazaret approve ${task.id}`, `Not to apply it: lazaret reject ${task.id}`)
  else
    print(
      '',
      `To try a repair: lazaret repair ${incident.kernel}`,
      `When it is mended: lazaret rejoin ${incident.kernel}`,
    )
}

/** The lines after the first stand below it. */
function fact(name: string, value: string, style: Style = 'dim'): void {
  const [first = '', ...more] = wrap(value, room(nameChars + 4))
  print(`  ${styled(style, name.padEnd(nameChars))}  ${first}`)
  for (const line of more) print(`  ${' '.repeat(nameChars)}  ${line}`)
}

function errorText({ errors }: Story): string {
  return errors
    .map(({ name, code, message }) => `${name}${code === undefined ? '' : ` [${code}]`}: ${safeLine(message)}`)
    .join(' <- ')
}

/** The line at fault, of the innermost frame of the kernel's own. */
function showSource({ errors }: Story): void {
  const frame = errors.flatMap(({ frames }) => frames)[0]
  if (frame === undefined) return
  const { file, line, column, fn, ranAt } = frame
  const path = pathFromHere(decodeURI(file.replace(/^file:\/\//, '')))
  fact('at', `${path}:${line}:${column}${fn === '' || fn === '<anonymous>' ? '' : ` in ${fn}`}`)
  const text = around(frame)
  if (text !== '') print(`  ${' '.repeat(nameChars)}  ${styled('red', text)}`)
  if (ranAt !== undefined) fact('', `mapped from ${ranAt.file.split('/').at(-1)}:${ranAt.line}`)
}

/** Of the line as much as fits, with what is at fault in it. */
function around({ lines, line, first, column, cut = 0 }: SourceFrame): string {
  const text = lines[line - first] ?? ''
  const width = room(nameChars + 4)
  const indent = text.length - text.trimStart().length
  const from = Math.max(indent, Math.min(column - cut - Math.floor(width / 2), text.length - width))
  return safeLine(clip(`${from > indent ? '...' : ''}${text.slice(from)}`, width))
}

const marks: Readonly<Record<StoryTone, Style>> = {
  ...{ good: 'green', watch: 'yellow', bad: 'red', calm: 'blue', plain: 'reset' },
}

function showLadder({ ladder, stepsLeftOut, at }: Story): void {
  if (ladder.length === 0) return
  print('', `  ${styled('bold', 'ladder')}`)
  if (stepsLeftOut > 0) print(`    ${count(stepsLeftOut, 'earlier event')} left out`)
  for (const step of ladder) showStep(step, at)
}

function showStep({ title, at, endAt, tone, words }: LadderStep, nowMs: number): void {
  const took = endAt === undefined ? `${duration(nowMs - at)}...` : endAt === at ? '' : duration(endAt - at)
  print(`    ${styled('dim', clockTime(at))}  ${took.padStart(12)}  ${styled(marks[tone], title)}`)
  for (const line of words === '' ? [] : wrap(words, room(28))) print(`${' '.repeat(28)}${line}`)
}
