/** Tabs that are addresses: arrow keys go from one to the next, and each can be opened by itself. */
import type { ComponentChildren, JSX } from 'preact'
import { useRef } from 'preact/hooks'

export interface Tab {
  readonly key: string
  readonly href: string
  readonly text: string
  readonly note?: ComponentChildren
}

export function Tabs({
  label,
  tabs,
  chosen,
  panel,
}: {
  readonly label: string
  readonly tabs: readonly Tab[]
  readonly chosen: string
  /** Id of what they switch. */
  readonly panel: string
}): JSX.Element {
  const list = useRef<HTMLDivElement>(null)
  const onKeyDown = (event: KeyboardEvent) => {
    const at = tabs.findIndex(({ key }) => key === chosen)
    const moves: Readonly<Record<string, number>> = {
      ArrowLeft: (at + tabs.length - 1) % tabs.length,
      ArrowRight: (at + 1) % tabs.length,
      Home: 0,
      End: tabs.length - 1,
    }
    const next = moves[event.key]
    const link = next === undefined ? undefined : list.current?.querySelectorAll('a')[next]
    if (link === undefined) return
    event.preventDefault()
    link.focus()
    link.click()
  }
  return (
    <div class="chart-tabs" role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
      {tabs.map(({ key, href, text, note }) => (
        <a
          key={key}
          href={href}
          role="tab"
          aria-selected={key === chosen}
          aria-controls={panel}
          tabIndex={key === chosen ? 0 : -1}
        >
          {text} {note}
        </a>
      ))}
    </div>
  )
}
