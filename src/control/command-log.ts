/**
 * Who told the runtime to do what: a `command.given` event before each op that changes something is carried out. What
 * came of it is told by the events that follow, as for everything else. It refuses nothing.
 */
import type { Emit } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import { redact } from '../base/redact.ts'
import { controlOps, isCommand } from './protocol.ts'
import type { ControlTable } from './server.ts'

export type CommandSource = 'dashboard' | 'command line'

export interface CommandLog {
  readonly emit: Emit
  isKernel(id: string): boolean
}

/** The same table, each of whose commands is told before it is carried out. */
export function withCommandLog(table: ControlTable, by: CommandSource, { emit, isKernel }: CommandLog): ControlTable {
  const logged = { ...table }
  for (const op of controlOps) {
    if (op === 'events') continue
    const answer = table[op]
    logged[op] = (params) => {
      if (isCommand(op, params)) {
        const kernel = typeof params.kernel === 'string' && isKernel(params.kernel) ? params.kernel : undefined
        emit('command.given', kernel, { op, by, params: readable(params) })
      }
      return answer(params)
    }
  }
  return logged
}

/** Without secrets, and without the whole of a diff. */
function readable(params: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const plain = redact(params) as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(plain).map(([name, value]) => {
      if (typeof value !== 'string' || value.length <= limits.commandTextChars) return [name, value]
      const left = value.length - limits.commandTextChars
      return [name, `${value.slice(0, limits.commandTextChars)}... [${left} more characters]`]
    }),
  )
}
