/**
 * What a fleet may say, key by key. The message of each rule is the accepted values as they read after "must be", so
 * that every refusal names them. Relations between kernels, and files, are looked at in fleet.ts.
 */
import { z } from 'zod'
import type { AgentsSpec } from '../base/agents-spec.ts'
import { kernelIdProblem, kernelIdRule } from '../base/ids.ts'
import { type InputProblem, type KeyPath, showValue, valueAt } from '../base/input-problem.ts'
import { limits } from '../base/limits.ts'
import { nearest } from '../base/nearest.ts'
import { degradedModes, isolations, type Tier } from '../base/spec.ts'
import { agentDefaults, agentKeys, agentsSchema } from './agents-schema.ts'
import { kernelDefaults } from './fleet-input.ts'
import { delayMs, envName, listOf, oneOf, section, whole } from './schema-words.ts'

const kernelId = z.string(kernelIdRule).superRefine((id, ctx) => {
  const problem = kernelIdProblem(id)
  if (problem !== undefined) ctx.addIssue({ code: 'custom', message: `${kernelIdRule} (${problem})` })
})

const someData = 'a section of keys and values of your own'
const d = kernelDefaults

const autonomy = oneOf(['observe', 'suggest', 'playbook', 'fix'])

const kernelSchema = section({
  id: kernelId,
  entry: z.string('the path of a module').min(1, 'the path of a module'),
  tier: whole(1, 5, '1 is critical')
    .default(d.tier)
    .transform((tier) => tier as Tier),
  dependsOn: listOf(z.string('the id of a kernel'), 'a list of ids of kernels').default([]),
  replicas: whole(0, limits.replicas, 'standbys').default(d.replicas),
  concurrency: whole(1, limits.concurrency, 'messages at once').default(d.concurrency),
  restart: section({
    max: whole(0, limits.restartMax, 'restarts').default(d.restart.max),
    stableMs: delayMs(1).default(d.restart.stableMs),
    backoffMs: delayMs(0).default(d.restart.backoffMs),
    backoffMaxMs: delayMs(0).default(d.restart.backoffMaxMs),
    jitter: z
      .number('a number from 0 to 1')
      .min(0, 'a number from 0 to 1')
      .max(1, 'a number from 0 to 1')
      .default(d.restart.jitter),
  }).prefault({}),
  strategy: oneOf(['one_for_one', 'rest_for_one']).default(d.strategy),
  crashOn: oneOf(['defects', 'uncaught', 'all']).default(d.crashOn),
  heartbeat: section({ timeoutMs: delayMs(1).default(d.heartbeat.timeoutMs) }).prefault({}),
  limits: section({
    heapMb: whole(
      limits.heapMbFloor,
      limits.heapMbCeiling,
      'MB',
      `; below ${limits.heapMbFloor} V8 aborts the whole process`,
    ).default(d.limits.heapMb),
    externalMb: whole(1, limits.externalMbCeiling, 'MB').default(d.limits.externalMb),
    startMs: delayMs(1).default(d.limits.startMs),
    stopMs: delayMs(1).default(d.limits.stopMs),
    askMs: delayMs(1).default(d.limits.askMs),
  }).prefault({}),
  mailbox: section({ max: whole(1, limits.queuedMessages, 'messages').default(d.mailbox.max) }).prefault({}),
  env: listOf(envName, 'a list of names').default([]),
  degraded: section({
    mode: oneOf(degradedModes).optional(),
    fallback: z.string('the path of a module').min(1, 'the path of a module').optional(),
    reroute: z.string('the id of another kernel').optional(),
    max: whole(1, limits.queuedMessages, 'messages').default(d.degraded.max),
  }).prefault({}),
  snapshot: section({
    everyMs: delayMs(1).optional(),
    keep: whole(1, limits.snapshotKeep, 'snapshots').default(d.snapshot.keep),
  }).prefault({}),
  repair: section({
    // Left open here: the tier may have a say before the default has.
    autonomy: autonomy.optional(),
    isolation: oneOf(isolations).default(d.repair.isolation),
    maxAttempts: whole(1, limits.repairAttempts, 'attempts').default(d.repair.maxAttempts),
    maxPerHour: whole(1, limits.repairsPerHour, 'repairs').default(d.repair.maxPerHour),
    timeoutMs: delayMs(1).default(d.repair.timeoutMs),
    expiresMs: delayMs(1).default(d.repair.expiresMs),
  }).prefault({}),
  config: z
    .custom<Record<string, unknown>>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      someData,
    )
    .default(() => ({})),
})

const kernelCount = `a list of 1 to ${limits.fleetKernels} kernels`
/** What a tier says for those of its kernels that say nothing themselves. */
const tierSchema = z.strictObject(
  {
    tier: whole(1, 5, '1 is critical'),
    repair: z.strictObject({ autonomy }, 'a section with the key autonomy'),
  },
  'a section with the keys tier, repair',
)
const tierCount = 'a list with a section for each tier that has a default of its own'
const tiersSchema = z.array(tierSchema, tierCount).superRefine((tiers, ctx) => {
  for (const [index, { tier }] of tiers.entries()) {
    const isDouble = tiers.findIndex((other) => other.tier === tier) < index
    if (isDouble) ctx.addIssue({ code: 'custom', path: [index, 'tier'], message: 'a tier that is named once' })
  }
})

const fleetSchema = z.strictObject(
  {
    kernels: z.array(kernelSchema, kernelCount).min(1, kernelCount).max(limits.fleetKernels, kernelCount),
    tiers: tiersSchema.default([]),
    agents: agentsSchema.exactOptional(),
  },
  'a section with the key kernels',
)

/** A kernel with its defaults, as it was written otherwise. */
export type ParsedKernel = z.output<typeof kernelSchema>
export type ParsedTier = z.output<typeof tierSchema>

interface ParsedFleet {
  readonly kernels: ParsedKernel[]
  readonly tiers: ParsedTier[]
  readonly agents: AgentsSpec
  readonly problems: InputProblem[]
}

/** @param value plain data only. */
export function parseFleet(value: unknown): ParsedFleet {
  const result = fleetSchema.safeParse(value)
  if (result.success) return { ...result.data, agents: result.data.agents ?? {}, problems: [] }
  return { kernels: [], tiers: [], agents: {}, problems: problemsOf(result.error.issues, value) }
}

/** The section on its own. @param value plain data only. */
export function parseAgents(value: unknown): { agents: AgentsSpec; problems: InputProblem[] } {
  const whole = { agents: value }
  const result = z.strictObject({ agents: agentsSchema }).safeParse(whole)
  if (result.success) return { agents: result.data.agents, problems: [] }
  return { agents: {}, problems: problemsOf(result.error.issues, whole) }
}

/** Unknown keys first: a mistyped key is most often why another one is missing. */
function problemsOf(issues: readonly z.core.$ZodIssue[], value: unknown): InputProblem[] {
  const unknown: InputProblem[] = []
  const wrong = new Map<string, InputProblem>()
  for (const issue of issues) {
    const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) unknown.push(unknownKey(path, key, value))
    } else if (!wrong.has(JSON.stringify(path))) {
      wrong.set(JSON.stringify(path), wrongValue(path, issue.message, value))
    }
  }
  return [...unknown, ...wrong.values()]
}

function wrongValue(path: KeyPath, accepted: string, value: unknown): InputProblem {
  const found = valueAt(value, path)
  const fallback = defaultAt(path)
  const key = String(path.at(-1) ?? 'kernels')
  let advice = 'Correct it.'
  if (fallback !== undefined) advice = `Correct it, or leave ${key} out for the default, ${showValue(fallback)}.`
  else if (found === undefined) advice = `Add ${key}.`
  return { path, accepted, got: found === undefined ? 'nothing, the key is missing' : showValue(found), advice }
}

function unknownKey(path: KeyPath, key: string, value: unknown): InputProblem {
  const known = knownKeys(path)
  const meant = nearest(key, known)
  return {
    path: [...path, key],
    accepted: `one of the keys ${known.join(', ')}`,
    rule: `is not a key that is known here; accepted are ${known.join(', ')}`,
    got: `${showValue(key)} with the value ${showValue(valueAt(value, [...path, key]))}`,
    advice: meant === undefined ? 'Remove it.' : `Did you mean ${meant}?`,
  }
}

/** Of the fleet, of its agents, of a kernel, or of one of its sections. */
function knownKeys(path: KeyPath): string[] {
  if (path.length === 0) return Object.keys(fleetSchema.shape)
  if (path[0] === 'tiers')
    return path.length <= 2 ? Object.keys(tierSchema.shape) : Object.keys(tierSchema.shape.repair.shape)
  if (path[0] === 'agents')
    return [...(Object.entries(agentKeys).find(([name]) => name === path[1])?.[1] ?? Object.keys(agentKeys))]
  if (path.length <= 2) return Object.keys(kernelSchema.shape)
  if (path[2] === 'snapshot') return ['everyMs', ...Object.keys(kernelDefaults.snapshot)]
  if (path[2] === 'degraded') return ['mode', 'fallback', 'reroute', 'max']
  return Object.keys(valueAt(kernelDefaults, path.slice(2)) ?? {})
}

function defaultAt(path: KeyPath): unknown {
  if (path[0] === 'agents') return valueAt(agentDefaults, path.slice(1))
  return path.length < 3 || path[0] === 'tiers' ? undefined : valueAt(kernelDefaults, path.slice(2))
}
