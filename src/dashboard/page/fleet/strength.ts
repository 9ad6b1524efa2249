/** How strongly a line is drawn, by what goes along it. Pure. */

/** 0: nothing is said. 1 to 4: up to 1, 10, 100 messages a second, and more. */
export function strengthOf(rate: number): number {
  return rate <= 0 ? 0 : Math.min(4, 1 + Math.max(0, Math.ceil(Math.log10(rate))))
}
