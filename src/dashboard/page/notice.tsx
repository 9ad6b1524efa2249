/** The last word on what the user has asked for: done, or refused and why. Stays until the next, or until it is closed. */
import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { Refused } from './api.ts'

interface Said {
  readonly text: string
  readonly hint?: string
  readonly tone: 'good' | 'bad'
}

const said = signal<Said | undefined>(undefined)

export function say(text: string): void {
  said.value = { text, tone: 'good' }
}

/** Runs what the user has asked for, and says what became of it. */
export async function attempt<T>(what: string, run: () => Promise<T>): Promise<T | undefined> {
  said.value = { text: `${what} ...`, tone: 'good' }
  try {
    const result = await run()
    said.value = { text: `${what}: done.`, tone: 'good' }
    return result
  } catch (thrown) {
    const hint = thrown instanceof Refused ? thrown.record.hint : undefined
    said.value = {
      text: `${what}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      ...(hint !== undefined && { hint }),
      tone: 'bad',
    }
    return undefined
  }
}

export function Notice(): JSX.Element {
  const now = said.value
  return (
    <div role="status" aria-live="polite">
      {now !== undefined && (
        <div class={`notice ${now.tone}`}>
          {now.text}
          {now.hint !== undefined && <div class="quiet">{now.hint}</div>}{' '}
          <button type="button" onClick={() => (said.value = undefined)}>
            close
          </button>
        </div>
      )}
    </div>
  )
}
