/**
 * Runs the near misses of the failing message: without the patch, to see which of them fail as the message itself does,
 * and those with the patch, which must not. What a near miss is, is mutation.ts's part.
 */
import { deserialize, serialize } from 'node:v8'
import type { Evidence, RecordedMessage } from '../../base/remedy.ts'
import { count } from '../../base/words.ts'
import type { Applied } from '../apply.ts'
import type { IsolatedResult } from '../trial.ts'
import { cagedDetail, crashSite, describeResult, isSameComplaint, isSameFailure } from './failure.ts'
import { fell, held, type Judged } from './judged.ts'
import { mutationsOf } from './mutation.ts'
import type { Trials } from './trials.ts'

export interface NearMisses {
  readonly tried: number
  /** Messages that were handled before the failing one. */
  readonly before: readonly RecordedMessage[]
  /** Those that fail as the message does. */
  readonly failing: readonly NearMiss[]
}

export interface NearMiss {
  readonly message: RecordedMessage
  readonly what: string
  readonly unpatched: IsolatedResult
}

/** @param red the incident's own failure. @param count tried at most. */
export async function findNearMisses(
  trials: Trials,
  evidence: Evidence,
  red: IsolatedResult,
  count: number,
): Promise<NearMisses> {
  const at = red.at ?? -1
  const failing = evidence.messages[at]
  if (failing === undefined) return { tried: 0, before: [], failing: [] }
  const before = evidence.messages.slice(0, at)
  const mutations = mutationsOf(deserialize(failing.args) as unknown[], count)
  const runs = mutations.map(async ({ args, what }): Promise<NearMiss> => {
    const { reply: _, ...message } = { ...failing, args: serialize(args) as Uint8Array }
    return { message, what, unpatched: await trials.red([...before, message]) }
  })
  // All of them end before this does, also where one could not be made.
  await Promise.allSettled(runs)
  const found = await Promise.all(runs)
  const isSame = ({ unpatched }: NearMiss) =>
    unpatched.at === at && isSameFailure(evidence, unpatched) && crashSite(unpatched.error) === crashSite(red.error)
  return { tried: found.length, before, failing: found.filter(isSame) }
}

export async function judgeNearMisses(trials: Trials, applied: Applied, found: NearMisses): Promise<Judged> {
  const { tried, before, failing } = found
  if (tried === 0) return held('Nothing in the failing message can be varied.')
  const misses = count(tried, 'near miss', 'near misses')
  if (failing.length === 0) {
    return held(`None of ${misses} of the failing message fails without the patch, so nothing is asked of them.`)
  }
  let left = failing
  while (left.length > 0) {
    const result = await trials.green(applied, [...before, ...left.map(({ message }) => message)])
    if (result.outcome === 'passed') break
    const hit = left[(result.at ?? -1) - before.length]
    if (hit === undefined) return fell(cagedDetail(result) ?? `It fails with near misses: ${describeResult(result)}.`)
    const isStill = isSameComplaint(hit.unpatched, result)
    if (isStill)
      return fell(
        `It holds for the recorded message only: with ${hit.what} it fails as before (${describeResult(result)}).`,
      )
    // It gets past the place of this failure and meets another one, which says nothing about the patch.
    left = left.filter((miss) => miss !== hit)
  }
  const beyond = failing.length - left.length
  const passed =
    left.length === 1
      ? `1 of ${misses} fails without the patch and is handled with it`
      : `${left.length} of ${misses} fail without the patch and are handled with it`
  if (beyond === 0) return held(`${passed}.`)
  const others = `${beyond} ${beyond === 1 ? 'gets' : 'get'} past the place and ${beyond === 1 ? 'fails' : 'fail'} elsewhere`
  return held(left.length === 0 ? `${others}, which says nothing about the patch.` : `${passed}; ${others}.`)
}
