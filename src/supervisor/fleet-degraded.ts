/**
 * What `degraded` of each kernel comes to: the mode that its keys stand for, the module of a fallback, the target of a
 * reroute. A reroute that leads back to where it began would pass messages round for ever, so it is refused here.
 */
import { type InputProblem, showValue } from '../base/input-problem.ts'
import type { DegradedMode, KernelSpec } from '../base/spec.ts'
import { findEntries } from './fleet-entry.ts'
import { kernelDefaults } from './fleet-input.ts'
import { otherKernelProblem } from './fleet-relation.ts'
import type { ParsedKernel } from './fleet-schema.ts'

type Degraded = KernelSpec['degraded']

export function degradedOf(
  kernels: readonly ParsedKernel[],
  baseDir: string,
): { degraded: readonly Degraded[]; problems: InputProblem[] } {
  const problems = kernels.flatMap((kernel, index) => keyProblems(kernel, index, kernels))
  const fallbacks = kernels.flatMap(({ degraded }, index) =>
    degraded.fallback === undefined ? [] : [{ index, path: degraded.fallback }],
  )
  const found = findEntries(
    fallbacks.map(({ index, path }) => ({ at: ['kernels', index, 'degraded', 'fallback'], path })),
    baseDir,
  )
  const urls = new Map(fallbacks.map(({ index }, nth) => [index, found.urls[nth]]))
  const degraded = kernels.map(({ degraded: { max, reroute, ...rest } }, index) => {
    const fallbackUrl = urls.get(index)
    return {
      ...{ mode: modeOf({ ...rest, reroute }), max },
      ...(fallbackUrl === undefined ? {} : { fallbackUrl }),
      ...(reroute === undefined ? {} : { to: reroute }),
    }
  })
  return { degraded, problems: [...problems, ...found.problems, ...circleProblems(kernels)] }
}

function modeOf({ mode, fallback, reroute }: Partial<ParsedKernel['degraded']>): DegradedMode {
  if (mode !== undefined) return mode
  if (fallback !== undefined) return 'fallback'
  return reroute === undefined ? kernelDefaults.degraded.mode : 'reroute'
}

/** The keys of one kernel contradict each other, or name nobody. */
function keyProblems(kernel: ParsedKernel, index: number, kernels: readonly ParsedKernel[]): InputProblem[] {
  const { mode, fallback, reroute } = kernel.degraded
  const at = (key: string) => ['kernels', index, 'degraded', key]
  const problems: InputProblem[] = []
  if (fallback !== undefined && reroute !== undefined) {
    problems.push({
      path: at('reroute'),
      accepted: 'fallback or reroute, not both',
      got: `${showValue(reroute)}, beside the fallback ${showValue(fallback)}`,
      advice: 'Remove one of them.',
    })
  }
  for (const [key, value] of [['fallback', fallback] as const, ['reroute', reroute] as const]) {
    if (value === undefined && mode === key) {
      const what = key === 'fallback' ? 'the path of a module' : 'the id of another kernel'
      problems.push({
        path: at(key),
        accepted: `${what}, since degraded.mode is ${key}`,
        got: 'nothing, the key is missing',
        advice: `Add ${key}.`,
      })
    } else if (value !== undefined && mode !== undefined && mode !== key) {
      problems.push({
        path: at('mode'),
        accepted: `${key}, since degraded.${key} is given`,
        got: showValue(mode),
        advice: `Leave mode out, or remove ${key}.`,
      })
    }
  }
  const unknown = reroute === undefined ? undefined : otherKernelProblem(at('reroute'), reroute, kernel, kernels)
  return unknown === undefined ? problems : [...problems, unknown]
}

function circleProblems(kernels: readonly ParsedKernel[]): InputProblem[] {
  const targets = new Map(kernels.map(({ id, degraded }) => [id, degraded.reroute]))
  return kernels.flatMap(({ id }, index) => {
    const way = [id]
    for (let next = targets.get(id); next !== undefined && next !== way.at(-1); next = targets.get(next)) {
      way.push(next)
      if (next === id) {
        // Named once, at the first of its kernels.
        if (kernels.findIndex((kernel) => way.includes(kernel.id)) !== index) return []
        return [
          {
            path: ['kernels', index, 'degraded', 'reroute'],
            accepted: 'a reroute that leads nowhere back',
            got: `a circle, ${way.join(' -> ')}`,
            advice: 'Give one of these kernels another degraded mode.',
          },
        ]
      }
      if (way.slice(0, -1).includes(next)) return []
    }
    return []
  })
}
