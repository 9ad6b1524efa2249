/**
 * What a repair must leave alone: replies that the kernel gave in service, and that its unpatched code gives again in the
 * sandbox. What differs from run to run (times, new ids) is no measure and is skipped. Where the unpatched code
 * itself does not come that far, the reply in service is the measure: of an earlier version, so the patched code's may have
 * more keys. A reply that changes is accepted where golden's code gives it too: going back to earlier behaviour is what
 * many repairs are. It compares; what is run is handed in.
 */
import type { RecordedMessage } from '../../base/remedy.ts'
import { count } from '../../base/words.ts'
import { answerAsRecorded, hasAllOf } from '../answer.ts'
import type { IsolatedResult, TrialAnswer } from '../trial.ts'
import { cagedDetail, describeResult, isSameComplaint } from './failure.ts'
import { fell, held, type Judged } from './judged.ts'
import { type Answered, isAsGolden, isSameAnswer, steadinessOf } from './unsteady.ts'

export interface Comparison {
  /** What these messages are, in words: `healthy traffic`. */
  readonly of: string
  readonly messages: readonly RecordedMessage[]
  /** It was golden's code that answered them in service. */
  readonly byGolden: boolean
  readonly patched: IsolatedResult
  /** The same messages without the patch, run when it is asked for. */
  unpatched(): Promise<IsolatedResult>
  /** Whether it is the failure that is to be mended. */
  isIncident(result: IsolatedResult): boolean
  /** The same messages with golden's code, run when it is asked for; undefined where golden's code is what ran. */
  golden(): Promise<IsolatedResult | undefined>
}

/** How one comparison ended. */
interface Compared {
  same: number
  /** Golden's code gives the reply that the patched code gives. */
  asGolden: number
  unsteady: number
  notKept: number
  /** Messages that no code handles in the sandbox. */
  unreached: number
  refusal?: string
}

/** @param none why there is nothing to compare, where there is not. */
export async function judgeHoldOut(comparisons: readonly Comparison[], none: string): Promise<Judged> {
  const all: [string, Compared][] = []
  for (const comparison of comparisons) {
    const compared = await compare(comparison)
    if (compared.refusal !== undefined) return fell(compared.refusal)
    all.push([comparison.of, compared])
  }
  const sum = (part: Exclude<keyof Compared, 'refusal'>) =>
    all.reduce((total, [, compared]) => total + compared[part], 0)
  const skipped = [
    ...(sum('unsteady') === 0 ? [] : [`${sum('unsteady')} differ from run to run`]),
    ...(sum('notKept') === 0 ? [] : [`${count(sum('notKept'), 'message')} had no reply to keep`]),
    ...(sum('unreached') === 0 ? [] : [`${count(sum('unreached'), 'message')} cannot be handled in the sandbox`]),
  ]
  const left = skipped.length === 0 ? '' : ` Not compared: ${skipped.join(', ')}.`
  const total = sum('same') + sum('asGolden')
  if (total === 0)
    return held(`Nothing was compared: ${all.length === 0 ? none : 'no reply comes out the same twice'}.${left}`)
  const parts = all.flatMap(([of, { same, asGolden }]) =>
    same + asGolden === 0 ? [] : [`${same + asGolden} of ${of}`],
  )
  const back = sum('asGolden') === 0 ? '' : `, ${sum('asGolden')} of them as golden's code gives it`
  return held(`${count(total, 'reply', 'replies')} held: ${parts.join(', ')}${back}.${left}`)
}

async function compare(comparison: Comparison): Promise<Compared> {
  const { of, messages, patched, golden, isIncident } = comparison
  const compared: Compared = { same: 0, asGolden: 0, unsteady: 0, notKept: 0, unreached: 0 }
  const reached = patched.answers?.length ?? 0
  let differing: number[] = []
  for (const [index, { reply }] of messages.slice(0, reached).entries()) {
    if (reply === undefined) compared.notKept += 1
    else if (isSameAnswer(patched.answers?.[index], answerAsRecorded(reply))) compared.same += 1
    else differing.push(index)
  }
  const isCut = patched.outcome !== 'passed' && reached < messages.length
  if (differing.length === 0 && !isCut) return compared
  const unpatched = await comparison.unpatched()
  const recorded = (index: number) => {
    const { reply } = messages[index] ?? {}
    return reply && answerAsRecorded(reply)
  }
  const answered = (index: number): Answered => ({
    ...{ method: messages[index]?.method ?? '', recorded: recorded(index) },
    ...{ unpatched: unpatched.answers?.[index], patched: patched.answers?.[index] },
  })
  const steadiness = steadinessOf(messages.map((_, index) => answered(index)))
  const judged = Map.groupBy(differing, (index) => steadiness(answered(index)))
  compared.unsteady = judged.get('unsteady')?.length ?? 0
  compared.same += judged.get('same in part')?.length ?? 0
  const steady = judged.get('steady') ?? []
  const hasGrown = (index: number) =>
    unpatched.answers?.[index] === undefined && hasAllOf(patched.answers?.[index], recorded(index))
  differing = steady.filter((index) => !hasGrown(index))
  compared.same += steady.length - differing.length
  // It cannot be handled in the sandbox, patch or no patch.
  const isOfSandbox =
    isCut && patched.at === unpatched.at && isSameComplaint(unpatched, patched) && !isIncident(patched)
  const needsGolden = differing.length > 0 || (isCut && !isOfSandbox)
  const goldens = needsGolden ? await golden() : undefined
  // Of a reply that later code gave, and gives again, golden's other one says nothing.
  const isUnsteadyInGolden = (index: number) =>
    (comparison.byGolden || unpatched.answers?.[index] === undefined) &&
    goldens?.answers?.[index] !== undefined &&
    !isSameAnswer(goldens.answers[index], recorded(index))
  for (const index of differing) {
    if (isAsGolden(answered(index), goldens?.answers?.[index])) compared.asGolden += 1
    else if (isUnsteadyInGolden(index)) compared.unsteady += 1
    else {
      const now = shown(patched.answers?.[index])
      const what = `${messages[index]?.method}(), message ${index} of ${of}`
      return { ...compared, refusal: `${what}, is answered with ${now}; in service it was ${shown(recorded(index))}.` }
    }
  }
  if (!isCut) return compared
  const isGoldensToo = goldens !== undefined && goldens.outcome !== 'passed' && goldens.at === patched.at
  if (!isOfSandbox && !isGoldensToo) {
    return { ...compared, refusal: cagedDetail(patched) ?? `It fails on ${of}: ${describeResult(patched)}.` }
  }
  return { ...compared, unreached: messages.length - reached }
}

/** Values are known by their hash only. */
function shown(answer: TrialAnswer | undefined): string {
  if (answer === undefined) return 'nothing'
  return 'error' in answer ? answer.error : `another value (sha256 ${answer.valueSha256.slice(0, 8)})`
}
