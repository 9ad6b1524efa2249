/**
 * Values deep in a configuration, by dotted keys: `retry.max`. Plain sections only; a key with a dot in its own name
 * cannot be reached. Nothing is changed in place.
 */

/** Undefined where there is nothing. */
export function valueAtKey(config: Readonly<Record<string, unknown>>, key: string): unknown {
  let found: unknown = config
  for (const part of key.split('.')) {
    if (!isSection(found) || !Object.hasOwn(found, part)) return undefined
    found = found[part]
  }
  return found
}

/** A copy with this value there; undefined where something that is no section stands in the way. */
export function withValueAt(
  config: Readonly<Record<string, unknown>>,
  key: string,
  value: unknown,
): Record<string, unknown> | undefined {
  const [first = '', ...rest] = key.split('.')
  if (rest.length === 0) return { ...config, [first]: value }
  const there = Object.hasOwn(config, first) ? config[first] : {}
  const below = isSection(there) ? withValueAt(there, rest.join('.'), value) : undefined
  return below && { ...config, [first]: below }
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
