/** Says a state to those who listen, when it has lasted a moment: a burst of moves is not read out. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'

const calmAfterMs = 1500

export function Spoken({ text }: { readonly text: string }): JSX.Element {
  const said = useSignal(text)
  useEffect(() => {
    const timer = setTimeout(() => (said.value = text), calmAfterMs)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <p class="unseen" aria-live="polite">
      {said.value}
    </p>
  )
}
