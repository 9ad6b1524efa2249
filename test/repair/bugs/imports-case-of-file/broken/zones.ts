export type Zone = 'home' | 'europe' | 'world'

const europe = new Set(['AT', 'BE', 'CH', 'CZ', 'DK', 'ES', 'FR', 'IT', 'NL', 'PL'])

/** Cents for the first kilogram and for each one begun after it. */
const prices: Record<Zone, { first: number; more: number }> = {
  home: { first: 449, more: 60 },
  europe: { first: 1099, more: 180 },
  world: { first: 2450, more: 790 },
}

export function zoneOf(country: string): Zone {
  if (country === 'DE') return 'home'
  return europe.has(country) ? 'europe' : 'world'
}

export function priceOf(zone: Zone, grams: number): number {
  const { first, more } = prices[zone]
  return first + more * Math.max(0, Math.ceil(grams / 1000) - 1)
}
