/** A part that scrolls by itself, also by keyboard alone: it takes the focus, and says what it holds. */
import type { ComponentChildren, JSX } from 'preact'

interface Props {
  readonly class?: string
  readonly label: string
  readonly children: ComponentChildren
}

export function Scroll({ class: name, label, children }: Props): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse could not scroll it else (WCAG 2.1.1).
    <section class={name} tabIndex={0} aria-label={label}>
      {children}
    </section>
  )
}
