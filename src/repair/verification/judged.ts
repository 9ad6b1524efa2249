/** One line of a proof as its judge hands it over: name and time are added where it is written down. */
export interface Judged {
  readonly passed: boolean
  /** One or two sentences that a person understands; begins with a capital or a figure, ends with a full stop. */
  readonly detail: string
}

export const held = (detail: string): Judged => ({ passed: true, detail })
export const fell = (detail: string): Judged => ({ passed: false, detail })
