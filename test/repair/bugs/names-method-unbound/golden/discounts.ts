export interface Rule {
  code: string
  percent: number
  /** Cents from which on it is given, default 0. */
  from?: number
}

export class Discounts {
  private readonly rules: Map<string, Rule>
  private readonly times: Map<string, number>

  constructor(rules: Rule[], used: [string, number][]) {
    this.rules = new Map(rules.map((rule) => [rule.code, rule]))
    this.times = new Map(used)
  }

  price(cents: number, code: string): number {
    const rule = this.rules.get(code)
    if (rule === undefined || cents < (rule.from ?? 0)) return cents
    this.times.set(code, (this.times.get(code) ?? 0) + 1)
    return Math.ceil((cents * (100 - rule.percent)) / 100)
  }

  /** The code that takes off most; null where none does. */
  best(cents: number): string | null {
    const usable = [...this.rules.values()].filter(({ from = 0 }) => cents >= from)
    return usable.sort((a, b) => b.percent - a.percent)[0]?.code ?? null
  }

  used(): [string, number][] {
    return [...this.times]
  }
}
