/** The ops about tasks: what is accepted as their parameters. */
import { LazaretError } from '../base/errors.ts'
import { submitters } from '../supervisor/submission.ts'
import type { TaskDesk } from '../supervisor/task-desk.ts'
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

export function taskOps(
  desk: Pick<TaskDesk, 'show' | 'claim' | 'release' | 'handOver' | 'submit' | 'tryOut'>,
): Pick<ControlTable, 'task' | 'claimTask' | 'releaseTask' | 'handOver' | 'submit' | 'tryOut'> {
  return {
    task: (params) => desk.show(text(params, 'task')),
    claimTask: (params) => desk.claim(text(params, 'task'), text(params, 'by')),
    releaseTask: (params) => desk.release(text(params, 'task'), textOrNone(params, 'by')),
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
