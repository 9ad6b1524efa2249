/**
 * Values that YAML has no word for, written in bug.yaml as a map of one key that begins with `$`. Anything else stands
 * for itself.
 */

const standIns: Readonly<Record<string, (given: unknown) => unknown>> = {
  $undefined: () => undefined,
  $date: (given) => new Date(String(given)),
  $bigint: (given) => BigInt(String(given)),
  $buffer: (given) => Buffer.from(String(given), 'base64'),
  /** JSON text: for keys that YAML files here may not have, such as `__proto__`. */
  $json: (given) => JSON.parse(String(given)) as unknown,
  /** `[value, times]`: a text that often, or a list of that many. */
  $repeat: (given) => {
    const [value, times] = given as [unknown, number]
    return typeof value === 'string' ? value.repeat(times) : Array.from({ length: times }, () => decodeValue(value))
  },
  /** `[key, depth]`: an object in an object in an object, the innermost of them empty. */
  $nest: (given) => {
    const [key, depth] = given as [string, number]
    let nested: Record<string, unknown> = {}
    for (let level = 0; level < depth; level += 1) nested = { [key]: nested }
    return nested
  },
}

/** @throws Error for a key with `$` that stands for nothing. */
export function decodeValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decodeValue)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const [first] = entries
  if (entries.length === 1 && first?.[0].startsWith('$')) {
    const standIn = standIns[first[0]]
    if (standIn === undefined) throw new Error(`${first[0]} is none of ${Object.keys(standIns).join(', ')}`)
    return standIn(first[1])
  }
  return Object.fromEntries(entries.map(([key, each]) => [key, decodeValue(each)]))
}
