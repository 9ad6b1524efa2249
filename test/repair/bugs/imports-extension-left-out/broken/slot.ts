const slotMinutes = 15

export function slotsBetween(from: number, to: number): number[] {
  return Array.from({ length: Math.floor((to - from) / slotMinutes) }, (_, index) => from + index * slotMinutes)
}

/** 495 is 08:15. */
export function label(slot: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(Math.floor(slot / 60))}:${two(slot % 60)}`
}
