/** Asks before something is done that is not taken back with one click; by the browser's own dialog, so Escape closes it. */
import type { ComponentChildren, JSX } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import './dialog.css'

interface Props {
  readonly title: string
  /** On the button that does it. */
  readonly action: string
  readonly isDangerous?: boolean
  readonly onConfirm: () => void
  readonly onClose: () => void
  readonly children: ComponentChildren
}

/** Open as long as it is drawn. */
export function Dialog({ title, action, isDangerous, onConfirm, onClose, children }: Props): JSX.Element {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  // Before the next key is pressed.
  useLayoutEffect(() => {
    ref.current?.showModal()
  }, [])
  return (
    <dialog ref={ref} class="ask" aria-labelledby={id} onClose={onClose}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault()
          ref.current?.close()
          onConfirm()
        }}
      >
        <h2 id={id}>{title}</h2>
        {children}
        <p class="buttons">
          <button type="button" onClick={() => ref.current?.close()}>
            Cancel
          </button>
          <button type="submit" class={isDangerous === true ? 'danger' : 'primary'}>
            {action}
          </button>
        </p>
      </form>
    </dialog>
  )
}
