export type Format = (cents: number) => string

const grouped = (cents: number, point: string) => `${Math.floor(cents / 100)}${point}${String(cents % 100).padStart(2, '0')}`

export const formats: Record<string, Format> = {
  en: (cents) => `EUR ${grouped(cents, '.')}`,
  de: (cents) => `${grouped(cents, ',')} EUR`,
}
