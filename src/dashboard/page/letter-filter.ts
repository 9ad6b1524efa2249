/** What of the dead letters is looked at: as the page's form has it, as the runtime is asked, and in words. Pure. */

export interface LetterFilter {
  readonly kernel: string
  readonly code: string
  readonly method: string
  readonly from: string
  readonly text: string
  /** How far back; 0: as far as there are any. Milliseconds. */
  readonly withinMs: number
  /** Those that have not been sent again. */
  readonly unsent: boolean
}

export const everything: LetterFilter = {
  ...{ kernel: '', code: '', method: '', from: '', text: '', withinMs: 0, unsent: false },
}

export const spans: readonly { readonly ms: number; readonly text: string }[] = [
  { ms: 0, text: 'any time' },
  { ms: 900_000, text: 'the last 15 minutes' },
  { ms: 3_600_000, text: 'the last hour' },
  { ms: 86_400_000, text: 'the last day' },
  { ms: 604_800_000, text: 'the last week' },
]

const words = ['kernel', 'code', 'method', 'from', 'text'] as const

/** @param nowMs of the runtime's clock. */
export function paramsOf(filter: LetterFilter, nowMs: number): Record<string, unknown> {
  const params: Record<string, unknown> = {}
  for (const name of words) if (filter[name].trim() !== '') params[name] = filter[name].trim()
  if (filter.withinMs > 0) params.since = nowMs - filter.withinMs
  if (filter.unsent) params.replayed = false
  return params
}

/** `to orders, with MAILBOX_FULL, from the last hour`; empty where everything matches. */
export function filterText(filter: LetterFilter): string {
  const { kernel, code, method, from, text, withinMs } = filter
  const parts = [
    kernel.trim() && `to ${kernel.trim()}`,
    method.trim() && `for ${method.trim()}()`,
    from.trim() && `from ${from.trim()}`,
    code.trim() && `with ${code.trim()}`,
    text.trim() && `with "${text.trim()}" in the reason`,
    withinMs > 0 && `of ${spans.find(({ ms }) => ms === withinMs)?.text ?? 'late'}`,
  ]
  return parts.filter(Boolean).join(', ')
}

/** How many to which method of which kernel, the most first. */
export function addressees(letters: readonly { readonly kernel: string; readonly method: string }[]): string[] {
  const counts = new Map<string, number>()
  for (const { kernel, method } of letters) {
    const to = `${kernel}.${method}()`
    counts.set(to, (counts.get(to) ?? 0) + 1)
  }
  return [...counts].toSorted(([, a], [, b]) => b - a).map(([to, n]) => `${n} to ${to}`)
}
