/** One line of a proof as its judge hands it over: name and time are added where it is written down. */
export interface Judged {
  readonly passed: boolean
  /** One or two sentences that a person understands; begins with a capital or a figure, ends with a full stop. */
  readonly detail: string
}

export const held = (detail: string): Judged => ({ passed: true, detail })
export const fell = (detail: string): Judged => ({ passed: false, detail })

/** `1 file`, `2 files`. @param plural where an s is not enough. */
export function counted(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`
}
