/**
 * The last word on what the user has asked for: done, or refused and why. What has gone well goes out of the way after a
 * while, and stays for those who hear the page; what has not stays until the next, or until it is closed.
 */
import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Refused } from './api.ts'

interface Said {
  readonly text: string
  readonly hint?: string
  readonly tone: 'good' | 'bad'
  /** Nothing more will come of it. */
  readonly isOver: boolean
}

/** Long enough to read a line twice. Milliseconds. */
const shownMs = 6000

const said = signal<Said | undefined>(undefined)
const isAside = signal(false)

function tell(next: Said): void {
  isAside.value = false
  said.value = next
}

export function say(text: string): void {
  tell({ text, tone: 'good', isOver: true })
}

/** Runs what the user has asked for, and says what became of it. */
export async function attempt<T>(what: string, run: () => Promise<T>): Promise<T | undefined> {
  tell({ text: `${what} ...`, tone: 'good', isOver: false })
  try {
    const result = await run()
    say(`${what}: done.`)
    return result
  } catch (thrown) {
    const hint = thrown instanceof Refused ? thrown.record.hint : undefined
    tell({
      text: `${what}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      ...(hint !== undefined && { hint }),
      ...{ tone: 'bad', isOver: true },
    })
    return undefined
  }
}

export function Notice(): JSX.Element {
  const ref = useRef<HTMLDivElement>(null)
  const now = said.value
  useEffect(() => {
    if (now?.tone !== 'good' || !now.isOver) return
    let timer: ReturnType<typeof setTimeout>
    const leave = () => {
      // Not from under a pointer or the keyboard.
      if (ref.current?.matches(':hover, :focus-within') === true) timer = setTimeout(leave, shownMs)
      else isAside.value = true
    }
    timer = setTimeout(leave, shownMs)
    return () => clearTimeout(timer)
  }, [now])
  const close = () => {
    said.value = undefined
    // Its button is gone, and with it the place of the keyboard.
    document.getElementById('main')?.focus({ preventScroll: true })
  }
  return (
    <div role="status" aria-live="polite">
      {now !== undefined && (
        <div ref={ref} class={isAside.value ? 'unseen' : `notice ${now.tone}`}>
          {now.text}
          {now.hint !== undefined && <div class="quiet">{now.hint}</div>}{' '}
          {!isAside.value && (
            <button type="button" onClick={close}>
              close
            </button>
          )}
        </div>
      )}
    </div>
  )
}
