/** A key that must name another kernel of the fleet, and what to say where it does not. Pure. */
import { type InputProblem, type KeyPath, showValue } from '../base/input-problem.ts'
import { nearest } from '../base/nearest.ts'

interface Named {
  readonly id: string
}

/** Undefined where `id` is another kernel of the fleet. */
export function otherKernelProblem(
  path: KeyPath,
  id: string,
  kernel: Named,
  kernels: readonly Named[],
): InputProblem | undefined {
  if (id === kernel.id) {
    const got = `${showValue(id)}, the kernel itself (${id} -> ${id})`
    return { path, accepted: 'the id of another kernel', got, advice: 'Remove it.' }
  }
  if (kernels.some((other) => other.id === id)) return undefined
  const ids = kernels.map((other) => other.id).filter((other) => other !== kernel.id)
  const listed = ids.length === 0 ? ', and this fleet has no other' : `: ${ids.slice(0, 20).join(', ')}`
  const meant = nearest(id, ids)
  return {
    path,
    accepted: `the id of another kernel of this fleet${listed}${ids.length > 20 ? ', ...' : ''}`,
    got: showValue(id),
    advice: meant === undefined ? 'Remove it, or add that kernel.' : `Did you mean ${meant}?`,
  }
}
