/** What an agent says and does, in lines for whoever watches: short, without secrets, and not for ever. */
import { limits } from '../../base/limits.ts'
import type { AgentInput } from './agent.ts'
import { oneLine } from './fence.ts'

/** Text that comes in pieces. */
export class Voice {
  readonly #progress: (text: string) => void
  #text = ''

  constructor(progress: (text: string) => void) {
    this.#progress = progress
  }

  said(text: string): void {
    this.#text += text
    if (this.#text.length >= limits.agentProgressChars || this.#text.includes('\n\n')) this.flush()
  }

  flush(): void {
    const line = oneLine(this.#text)
    this.#text = ''
    if (line !== '') this.#progress(`says: ${line}`)
  }
}

export function boundedProgress({ progress }: Pick<AgentInput, 'progress'>): (text: string) => void {
  let lines = 0
  return (text) => {
    lines += 1
    if (lines <= limits.agentProgressLines) progress(oneLine(text))
  }
}
