/**
 * Configuration and limits of a hotfix, on top of the fleet's own. Each is in force as long as the fleet says what it said
 * when the fix was made: a value that a person has changed since is theirs. Pure.
 */
import { isDeepStrictEqual } from 'node:util'
import { valueAtKey, withValueAt } from '../base/dotted-key.ts'
import { type LimitName, limitNames } from '../base/remedy.ts'
import type { KernelSpec } from '../base/spec.ts'
import type { Applied } from '../repair/apply.ts'
import type { Hotfix } from '../repair/hotfix.ts'
import { configSha256 } from './keeping.ts'

export interface FittingSettings {
  /** To boot with; absent where the hotfix says nothing about it that still fits. */
  readonly config?: Record<string, unknown>
  readonly limits: { readonly [L in LimitName]?: number }
  /** What a person has overtaken, in words that end a sentence. */
  readonly dropped: readonly { readonly reason: string }[]
}

type Body = Pick<Hotfix, 'config' | 'configPreimageSha256' | 'settings' | 'limits'>

/** @param spec as the fleet has it, without the hotfix. */
export function fittingSettings(body: Body | undefined, spec: Pick<KernelSpec, 'config' | 'limits'>): FittingSettings {
  const dropped: { reason: string }[] = []
  if (body === undefined) return { limits: {}, dropped }
  let config: Record<string, unknown> | undefined
  if (body.config !== undefined) {
    if (body.configPreimageSha256 === configSha256(spec.config)) config = body.config
    else dropped.push({ reason: "the fleet's configuration was changed since" })
  }
  for (const { key, value, instead } of body.settings ?? []) {
    const isAsItWas = isDeepStrictEqual(valueAtKey(spec.config, key), instead)
    const changed = isAsItWas ? withValueAt(config ?? spec.config, key, value) : undefined
    if (changed === undefined) dropped.push({ reason: `the fleet's configuration of ${key} was changed since` })
    else config = changed
  }
  return { ...(config && { config }), limits: fittingLimits(body, spec, dropped), dropped }
}

function fittingLimits(
  body: Body,
  spec: Pick<KernelSpec, 'limits'>,
  dropped: { reason: string }[],
): FittingSettings['limits'] {
  const fitting: { [L in LimitName]?: number } = {}
  for (const limit of limitNames) {
    const set = body.limits?.[limit]
    if (set === undefined) continue
    if (set.instead === spec.limits[limit]) fitting[limit] = set.value
    else dropped.push({ reason: `the fleet's limits.${limit} was changed since` })
  }
  return fitting
}

/** What a new hotfix says about configuration and limits, on top of what is left of the one before. */
export function settingsOf(
  applied: Pick<Applied, 'configFromGolden' | 'settings' | 'limits'>,
  before: Body | undefined,
  spec: Pick<KernelSpec, 'config' | 'limits'>,
): Body {
  const { configFromGolden } = applied
  const isWhole = configFromGolden !== undefined
  const keptConfig =
    before?.config !== undefined && before.configPreimageSha256 === configSha256(spec.config)
      ? before.config
      : undefined
  const config = configFromGolden ?? keptConfig
  const settings = new Map(isWhole ? [] : (before?.settings ?? []).map((one) => [one.key, one]))
  for (const { key, value } of applied.settings) {
    const instead = valueAtKey(spec.config, key)
    // Set anew: the later one counts, after all the others.
    settings.delete(key)
    settings.set(key, { key, value, ...(instead !== undefined && { instead }) })
  }
  const limits: Record<string, { value: number; instead: number }> = { ...before?.limits }
  for (const limit of limitNames) {
    const value = applied.limits[limit]
    if (value !== undefined) limits[limit] = { value, instead: spec.limits[limit] }
  }
  return {
    ...(config && { config, configPreimageSha256: configSha256(spec.config) }),
    ...(settings.size > 0 && { settings: [...settings.values()] }),
    ...(Object.keys(limits).length > 0 && { limits }),
  }
}
