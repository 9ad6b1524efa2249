/** The ops about tasks: what is accepted as their parameters. */
import type { ErrorRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { redact } from '../base/redact.ts'
import type { IncidentRow } from '../journal/rows.ts'
import { submitters } from '../supervisor/submission.ts'
import type { TaskDesk } from '../supervisor/task-desk.ts'
import type { TaskDetail } from '../supervisor/task-detail.ts'
import type { ControlTable } from './server.ts'

type Params = Readonly<Record<string, unknown>>

function text(params: Params, name: string): string {
  const value = params[name]
  if (typeof value === 'string') return value
  throw new LazaretError('OPTION_INVALID', `${name} must be a text. Got: ${typeof value}.`)
}

function textOrNone(params: Params, name: string): string | undefined {
  return params[name] === undefined ? undefined : text(params, name)
}

/** The journal has the error as it was thrown; what leaves the process may be seen by many. */
export function withoutSecrets(row: IncidentRow): IncidentRow {
  return { ...row, error: redact(row.error) as ErrorRecord }
}

function shown(detail: TaskDetail): TaskDetail {
  return { ...detail, ...(detail.incident && { incident: withoutSecrets(detail.incident) }) }
}

export function taskOps(
  desk: Pick<TaskDesk, 'show' | 'claim' | 'release' | 'handOver' | 'submit' | 'tryOut'>,
): Pick<ControlTable, 'task' | 'claimTask' | 'releaseTask' | 'handOver' | 'submit' | 'tryOut'> {
  return {
    task: (params) => shown(desk.show(text(params, 'task'))),
    claimTask: (params) => shown(desk.claim(text(params, 'task'), text(params, 'by'))),
    releaseTask: (params) => shown(desk.release(text(params, 'task'), textOrNone(params, 'by'))),
    handOver: (params) => desk.handOver(text(params, 'task')),
    submit: (params) => {
      const by = submitters.find((submitter) => submitter === params.by)
      if (by === undefined) {
        const got = JSON.stringify(params.by)
        throw new LazaretError('OPTION_INVALID', `by must be one of ${submitters.join(', ')}. Got: ${got}.`)
      }
      const said = { why: textOrNone(params, 'why'), worker: textOrNone(params, 'worker') }
      return desk.submit(text(params, 'task'), { diff: text(params, 'diff'), by, ...said })
    },
    tryOut: (params) => desk.tryOut(text(params, 'task'), textOrNone(params, 'diff')),
  }
}
