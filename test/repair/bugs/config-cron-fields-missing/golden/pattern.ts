export interface Moment {
  minute: number
  hour: number
  day: number
  month: number
  weekday: number
}

type Test = (value: number) => boolean
export type Pattern = Record<keyof Moment, Test>

/** `*`, `5`, `1-5`, `*\/15`, and lists of those. */
function parseField(field: string): Test {
  const tests = field.split(',').map((part): Test => {
    const [range = '*', step = '1'] = part.split('/')
    const every = Number(step)
    if (range === '*') return (value) => value % every === 0
    const [from = 0, to = from] = range.split('-').map(Number)
    return (value) => value >= from && value <= to && (value - from) % every === 0
  })
  return (value) => tests.some((test) => test(value))
}

export function parsePattern(text: string): Pattern {
  const [minute, hour, day, month, weekday] = text.trim().split(/\s+/) as [string, string, string, string, string]
  return {
    minute: parseField(minute),
    hour: parseField(hour),
    day: parseField(day),
    month: parseField(month),
    weekday: parseField(weekday),
  }
}

export function matches(pattern: Pattern, moment: Moment): boolean {
  return (Object.keys(pattern) as (keyof Moment)[]).every((unit) => pattern[unit](moment[unit]))
}
