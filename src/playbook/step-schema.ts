/**
 * What one step of a playbook may say, key by key, and the way from the file's words (snake_case) to RemedyStep and back.
 * Every rule's message is the accepted values as they read after "must be". Which steps make sense together is for
 * lint, and whether a patch may be applied at all is for repair to decide.
 */
import { z } from 'zod'
import { kernelIdProblem, kernelIdRule } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import { type PatternTerm, patternPath, valueKinds } from '../base/message-pattern.ts'
import { type FailurePhase, type LimitName, limitNames, type Precondition, type RemedyStep } from '../base/remedy.ts'

export const phases = ['import', 'start', 'message', 'idle', 'snapshot', 'stop'] as const satisfies FailurePhase[]

export function text(accepted: string, max?: number) {
  const plain = z.string(accepted).min(1, accepted)
  return max === undefined ? plain : plain.max(max, accepted)
}

export function pattern(regex: RegExp, accepted: string) {
  return z.string(accepted).regex(regex, accepted)
}

export function oneOf<const T extends readonly [string, ...string[]]>(words: T) {
  return z.enum(words, `one of ${words.join(', ')}`)
}

export function section<S extends z.core.$ZodLooseShape>(shape: S) {
  return z.strictObject(shape, `a section with the keys ${Object.keys(shape).join(', ')}`)
}

function whole(min: number, max: number, unit: string) {
  const accepted = `a whole number from ${min} to ${max} (${unit})`
  return z.int(accepted).min(min, accepted).max(max, accepted)
}

/** Plain data, as YAML gives it; that it is there at all is what is looked at. */
function anything(accepted: string) {
  return z.custom<unknown>((value) => value !== undefined, accepted)
}

export const idLike = z.string(kernelIdRule).superRefine((id, ctx) => {
  const problem = kernelIdProblem(id)
  if (problem !== undefined) ctx.addIssue({ code: 'custom', message: `${kernelIdRule} (${problem})` })
})
export const sha = pattern(/^[0-9a-f]{64}$/, 'a SHA-256 hash: 64 digits 0-9 and a-f, in quotes')

const file = text("a path in the kernel's folder")
const method = text('the name of a method')
const keyRule = `a key of the configuration, dotted where it is deeper (retry.max), of ${limits.dottedPathChars} characters at most`
const reserved: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
const configKey = pattern(/^[^.]+(?:\.[^.]+)*$/, keyRule)
  .max(limits.dottedPathChars, keyRule)
  .refine((key) => !key.split('.').some((part) => reserved.has(part)), keyRule)
const folderRule = "a folder inside the kernel's data folder: a relative path with /, without . and .."
const folder = z
  .string(folderRule)
  .max(limits.dottedPathChars, folderRule)
  .refine((path) => path.split('/').every((part) => part !== '' && part !== '.' && part !== '..'), folderRule)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  .refine((path) => !/[\u0000-\u001f\u007f\\:]/.test(path), folderRule)

const pathRule = "an argument's index, then keys, dotted (0.query)"
const termShape = section({
  path: pattern(patternPath, pathRule).max(limits.dottedPathChars, pathRule),
  is: oneOf(valueKinds).optional(),
  equals: z.union([z.string(), z.number(), z.boolean(), z.null()], 'a text, a number, true, false or null').optional(),
}).refine(({ is, equals }) => (is === undefined) !== (equals === undefined), 'a path with either is or equals')
const termCount = `a list of 1 to ${limits.patternTerms} terms`

const preconditionShapes = {
  file_sha256: section({ file, is: sha }),
  config: section({ key: configKey, equals: anything('the value that the key must have') }),
  phase: oneOf(phases),
  kernel: section({ id: idLike, serves: z.boolean('true or false') }),
}

function onlyIf<const K extends keyof typeof preconditionShapes>(...names: K[]) {
  const rule = `a section with one of the keys ${names.join(', ')}`
  const picked = Object.fromEntries(names.map((name) => [name, preconditionShapes[name].optional()]))
  return z
    .strictObject(picked as { [N in K]: z.ZodOptional<(typeof preconditionShapes)[N]> }, rule)
    .refine((found) => Object.values(found).filter((value) => value !== undefined).length === 1, rule)
    .optional()
}

const timeout_ms = whole(1, limits.playbookStepMsCeiling, 'milliseconds').optional()
const terms = { only_if: onlyIf('file_sha256', 'config', 'phase'), timeout_ms }
const liveOnlyIf = onlyIf('config', 'phase', 'kernel')
const liveTerms = { only_if: liveOnlyIf, timeout_ms }

export const limitBounds: { readonly [L in LimitName]: { min: number; max: number; unit: string } } = {
  heapMb: { min: limits.heapMbFloor, max: limits.heapMbCeiling, unit: 'MB' },
  externalMb: { min: 1, max: limits.externalMbCeiling, unit: 'MB' },
  startMs: { min: 1, max: limits.timerMs, unit: 'milliseconds' },
  stopMs: { min: 1, max: limits.timerMs, unit: 'milliseconds' },
  askMs: { min: 1, max: limits.timerMs, unit: 'milliseconds' },
}
const setLimit = section({
  ...{ do: z.literal('set_limit'), limit: oneOf(limitNames), value: z.int('a whole number') },
  ...terms,
}).superRefine(({ limit, value }, ctx) => {
  const { min, max, unit } = limitBounds[limit]
  if (value >= min && value <= max) return
  ctx.addIssue({ code: 'custom', path: ['value'], message: `a whole number from ${min} to ${max} (${unit})` })
})

const args = z.array(anything('plain data'), 'a list of arguments').default([])
const stepShapes = {
  restore_state: section({ do: z.literal('restore_state'), ...terms }),
  restore_config: section({ do: z.literal('restore_config'), ...terms }),
  restore_code: section({ do: z.literal('restore_code'), ...terms }),
  apply_patch: section({
    ...{ do: z.literal('apply_patch'), file, preimage_sha256: sha, patch: text('a unified diff') },
    ...terms,
  }),
  set_config: section({
    ...{ do: z.literal('set_config'), key: configKey, value: anything('the value to use, plain data') },
    ...terms,
  }),
  set_limit: setLimit,
  park_message: section({ do: z.literal('park_message'), method, args_sha256: sha, ...terms }),
  park_pattern: section({
    ...{ do: z.literal('park_pattern'), method },
    where: z.array(termShape, termCount).min(1, termCount).max(limits.patternTerms, termCount),
    ...terms,
  }),
  clear_folder: section({ do: z.literal('clear_folder'), folder, ...terms }),
  restart: section({ do: z.literal('restart'), ...liveTerms }),
  reroute: section({ do: z.literal('reroute'), to: idLike, ...liveTerms }),
  wait: section({
    ...{ do: z.literal('wait'), ms: whole(1, limits.playbookWaitMs, 'milliseconds'), only_if: liveOnlyIf },
  }),
  notify: section({
    do: z.literal('notify'),
    text: text(`a text of ${limits.playbookNotifyChars} characters at most`, limits.playbookNotifyChars),
    ...liveTerms,
  }),
  ask: section({
    ...{
      do: z.literal('ask'),
      kernel: idLike,
      method,
      args,
      expect: anything('the reply that is expected').optional(),
    },
    undo: section({ method, args }).optional(),
    ...liveTerms,
  }),
} satisfies Record<RemedyStep['do'], unknown>

const s = stepShapes
export const stepShape = z.discriminatedUnion(
  'do',
  [
    ...([s.restore_state, s.restore_config, s.restore_code, s.apply_patch, s.set_config, s.set_limit] as const),
    ...([s.park_message, s.park_pattern, s.clear_folder, s.restart, s.reroute, s.wait, s.notify, s.ask] as const),
  ],
  `one of ${Object.keys(stepShapes).join(', ')}`,
)

export type StepEntry = z.output<typeof stepShape>

export function fromStep(entry: StepEntry): RemedyStep {
  return { ...actionOf(entry), ...termsOf(entry) } as RemedyStep
}

function actionOf(entry: StepEntry): RemedyStep {
  switch (entry.do) {
    case 'apply_patch':
      return { do: entry.do, file: entry.file, preimageSha256: entry.preimage_sha256, patch: entry.patch }
    case 'park_message':
      return { do: entry.do, method: entry.method, argsSha256: entry.args_sha256 }
    case 'park_pattern':
      return { do: entry.do, method: entry.method, where: entry.where as PatternTerm[] }
    case 'ask': {
      const { kernel, method, args, expect, undo } = entry
      return {
        ...{ do: entry.do, kernel, method, args },
        ...(expect !== undefined && { expect }),
        ...(undo !== undefined && { undo }),
      }
    }
    default: {
      const { only_if: _, ...action } = entry
      if ('timeout_ms' in action) delete action.timeout_ms
      return action
    }
  }
}

function termsOf(entry: StepEntry) {
  const found = entry.only_if
  const timeoutMs = 'timeout_ms' in entry ? entry.timeout_ms : undefined
  return {
    ...(found !== undefined && { onlyIf: preconditionOf(found) }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  }
}

function preconditionOf(found: NonNullable<StepEntry['only_if']>): Precondition {
  if ('file_sha256' in found && found.file_sha256 !== undefined) return { fileSha256: found.file_sha256 }
  if ('kernel' in found && found.kernel !== undefined) return { kernel: found.kernel }
  if (found.config !== undefined) return { config: found.config }
  return { phase: found.phase as FailurePhase }
}

/** A step as it stands in a file: plain data, keys in the order in which a person reads them. */
export function toStep(step: RemedyStep): z.input<typeof stepShape> {
  const { onlyIf, timeoutMs, ...action } = step
  const terms = {
    ...(onlyIf !== undefined && {
      only_if: 'fileSha256' in onlyIf ? { file_sha256: onlyIf.fileSha256 } : onlyIf,
    }),
    ...(timeoutMs !== undefined && { timeout_ms: timeoutMs }),
  }
  return { ...entryOf(action as RemedyStep), ...terms } as z.input<typeof stepShape>
}

function entryOf(step: RemedyStep): object {
  if (step.do === 'apply_patch') {
    return { do: step.do, file: step.file, preimage_sha256: step.preimageSha256, patch: step.patch }
  }
  if (step.do === 'park_message') return { do: step.do, method: step.method, args_sha256: step.argsSha256 }
  return step
}

/** Keys that are known at a place inside a step. @param path from the step on; empty for the step itself. */
export function knownStepKeys(step: unknown, path: readonly (string | number)[]): string[] {
  const verb = typeof step === 'object' && step !== null && 'do' in step ? step.do : undefined
  let shape: z.core.$ZodType | undefined = Object.entries(stepShapes).find(([name]) => name === verb)?.[1]
  for (const key of path) shape = inner(shape, key)
  shape = unwrapped(shape)
  return shape instanceof z.ZodObject ? Object.keys(shape.shape) : ['do']
}

function inner(shape: z.core.$ZodType | undefined, key: string | number): z.core.$ZodType | undefined {
  const plain = unwrapped(shape)
  if (plain instanceof z.ZodArray) return plain.element
  return plain instanceof z.ZodObject ? plain.shape[key] : undefined
}

function unwrapped(shape: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  let found = shape
  while (found instanceof z.ZodOptional || found instanceof z.ZodDefault) found = found.unwrap()
  return found
}
