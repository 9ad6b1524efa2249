export interface Parcel {
  grams: number
  /** Centimetres. */
  size: [number, number, number]
}

/** A light but bulky parcel is billed by its size. */
const gramsPerLitre = 200

export function billableGrams({ grams, size: [width, height, depth] }: Parcel): number {
  const litres = (width * height * depth) / 1000
  return Math.max(grams, Math.ceil(litres * gramsPerLitre))
}
