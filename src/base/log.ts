/**
 * The host's own log: JSON lines on stderr, written before the call returns, so that a dying process loses none (pino's
 * default in a thread lost 1 of 200, LIBRARIES 7). Kernels' lines do not come this way: they travel as LogLine.
 */
import pino from 'pino'
import { LazaretError } from './errors.ts'
import { escapeUnsafe, redact, redactText } from './redact.ts'

export type Log = pino.Logger

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export interface LogOptions {
  /** Anything with write(line). Default: stderr. */
  destination?: pino.DestinationStream
  /** Default 'warn'. */
  level?: LogLevel
}

/** @throws LazaretError OPTION_INVALID for a level that does not exist. */
export function createLog(options: LogOptions = {}): Log {
  const level = options.level ?? 'warn'
  if (!logLevels.includes(level)) {
    throw new LazaretError('OPTION_INVALID', `log.level accepts ${logLevels.join(', ')}. Got: ${String(level)}`, {
      details: { option: 'log.level', accepted: logLevels },
      hint: 'Choose one of the accepted levels.',
    })
  }
  return pino(
    {
      level,
      base: null,
      // Errors among the facts become records here, with their causes.
      formatters: { log: (facts) => redact(facts) as Record<string, unknown> },
      hooks: {
        logMethod(args, method) {
          const [first, ...rest] = args
          const clean: unknown[] = [typeof first === 'string' ? redactText(first) : first]
          for (const part of rest) clean.push(typeof part === 'string' ? redactText(part) : part)
          Reflect.apply(method, this, clean)
        },
        streamWrite: (line) => `${escapeUnsafe(line.trimEnd())}\n`,
      },
    },
    options.destination ?? standardError(),
  )
}

function standardError(): pino.DestinationStream {
  const destination = pino.destination({ fd: 2, sync: true })
  // Stderr is closed or its disk is full. There is no place left to say so, and the host must not die of its log.
  destination.on('error', () => {})
  return destination
}
