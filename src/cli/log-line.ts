/** A line of a kernel's log as people read it on a terminal. It prints nothing. */
import { safeLine } from '../base/redact.ts'
import { clockTime, type Style, styled } from './terminal.ts'

/** pino's shape: the facts stand beside these. */
export interface LogEntry {
  readonly level: number
  /** Epoch milliseconds. */
  readonly time: number
  readonly kernel: string
  readonly msg: string
  readonly [fact: string]: unknown
}

const levels: Readonly<Record<number, readonly [string, Style]>> = {
  ...{ 10: ['trace', 'dim'], 20: ['debug', 'dim'], 30: ['info', 'cyan'] },
  ...{ 40: ['warn', 'yellow'], 50: ['error', 'red'], 60: ['fatal', ['bold', 'red']] },
}

/** Neither the yellow of a warning nor the red of an error. */
const idStyles = [
  'cyan',
  'magenta',
  'blue',
  'green',
  'cyanBright',
  'magentaBright',
  'blueBright',
  'greenBright',
] as const

/** The same id has the same colour in every run. */
export function idStyle(id: string): Style {
  let sum = 0
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0
  return idStyles[sum % idStyles.length] ?? 'cyan'
}

/**
 * Redacted when it was logged; what JSON escaped is raw again, so it is made safe for a terminal here.
 * @param idWidth of the column with the kernel's id; 0: there is none.
 */
export function logLine({ level, time, msg, kernel, ...facts }: LogEntry, idWidth = 0): string {
  const [word, style] = levels[level] ?? [String(level), 'dim']
  const id = idWidth === 0 ? '' : `${styled(idStyle(kernel), safeLine(kernel).padEnd(idWidth))}  `
  const rest = Object.keys(facts).length === 0 ? '' : `  ${styled('dim', safeLine(JSON.stringify(facts)))}`
  return `${styled('dim', clockTime(time))}  ${styled(style, word.padEnd(5))}  ${id}${safeLine(msg)}${rest}`
}
