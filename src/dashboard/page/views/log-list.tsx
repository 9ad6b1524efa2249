/**
 * The rows of the log that the window shows: every row has the same height, so which ones those are is a division. It
 * follows the end until the user scrolls up, and keeps its place while older lines go.
 */
import { type Signal, useSignal } from '@preact/signals'
import type { JSX, TargetedEvent, TargetedKeyboardEvent } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { indexFrom, levelWord, type ShownLine } from '../log-lines.ts'
import { clockTime } from '../words.ts'

interface Props {
  readonly lines: readonly ShownLine[]
  readonly showKernel: boolean
  readonly follow: Signal<boolean>
  readonly selected: Signal<ShownLine | undefined>
}

/** As logs.css has it; a narrow page gives each line two rows of text. Pixels. */
const rowHeights = { wide: 22, narrow: 44 } as const
/** Rows drawn beyond the edges, so that scrolling shows no gap. */
const spareRows = 12

const narrow = matchMedia('(max-width: 700px)')

/** The height of a row, as wide as the window is now. Pixels. */
function useRowHeight(): number {
  const isNarrow = useSignal(narrow.matches)
  useEffect(() => {
    const onNarrow = () => {
      isNarrow.value = narrow.matches
    }
    narrow.addEventListener('change', onNarrow)
    return () => narrow.removeEventListener('change', onNarrow)
  }, [])
  return isNarrow.value ? rowHeights.narrow : rowHeights.wide
}

interface View {
  readonly top: number
  readonly height: number
}

/** What of the list the window shows; it is kept at the end while it follows, and in its place while it does not. */
function useScrolling(lines: readonly ShownLine[], follow: Signal<boolean>, rowHeight: number) {
  const box = useRef<HTMLDivElement>(null)
  const view = useSignal<View>({ top: 0, height: 600 })
  /** The line at the top edge, and how much of it is above: what stays in place. */
  const anchor = useRef({ n: 0, offset: 0 })
  const isFollowing = follow.value
  useEffect(() => {
    const measure = new ResizeObserver(([entry]) => {
      if (entry !== undefined) view.value = { ...view.value, height: entry.contentRect.height }
    })
    if (box.current !== null) measure.observe(box.current)
    return () => measure.disconnect()
  }, [])
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const end = element.scrollHeight - element.clientHeight
    const { n, offset } = anchor.current
    const wanted = isFollowing ? end : Math.min(end, indexFrom(lines, n) * rowHeight + offset)
    if (Math.abs(element.scrollTop - wanted) >= 1) element.scrollTop = wanted
  }, [lines, lines.at(-1)?.n, lines.length, isFollowing, rowHeight])
  const onScroll = (event: TargetedEvent<HTMLDivElement>) => {
    const { scrollTop, scrollHeight, clientHeight } = event.currentTarget
    const isUp = scrollTop < view.value.top - 1
    const isAtEnd = scrollTop + clientHeight >= scrollHeight - rowHeight / 2
    // Lines that come make the end move away, never the top: who moves up is the user.
    if (isUp && !isAtEnd) follow.value = false
    else if (isAtEnd && lines.length > 0) follow.value = true
    const first = Math.floor(scrollTop / rowHeight)
    anchor.current = { n: lines[first]?.n ?? 0, offset: scrollTop - first * rowHeight }
    view.value = { top: scrollTop, height: clientHeight }
  }
  return { box, view: view.value, onScroll }
}

/** Which rows are drawn: from, and up to but without. */
function drawnRange(count: number, { top, height }: View, rowHeight: number, isFollowing: boolean): [number, number] {
  const first = Math.min(count, Math.max(0, Math.floor(top / rowHeight) - spareRows))
  const last = Math.min(count, Math.ceil((top + height) / rowHeight) + spareRows)
  // While it follows, the end is drawn before the scroll position says so: otherwise a frame would be empty.
  return isFollowing ? [Math.max(0, count - Math.ceil(height / rowHeight) - spareRows), count] : [first, last]
}

export function LogList({ lines, showKernel, follow, selected }: Props): JSX.Element {
  const rowHeight = useRowHeight()
  const { box, view, onScroll } = useScrolling(lines, follow, rowHeight)
  const choose = (index: number) => {
    const line = lines[Math.max(0, Math.min(lines.length - 1, index))]
    const element = box.current
    if (line === undefined || element === null) return
    // The keys are the list's: a row that was clicked must not keep the focus.
    element.focus({ preventScroll: true })
    follow.value = false
    selected.value = line
    const top = lines.indexOf(line) * rowHeight
    if (top < element.scrollTop) element.scrollTop = top
    else if (top + rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = top + rowHeight - element.clientHeight
  }
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const at = selected.value === undefined ? lines.length : indexFrom(lines, selected.value.n)
    const targets: Record<string, number> = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: lines.length - 1 }
    if (event.key === 'Escape') selected.value = undefined
    const next = targets[event.key]
    if (next === undefined) return
    event.preventDefault()
    choose(next)
  }
  const [from, to] = drawnRange(lines.length, view, rowHeight, follow.value)
  return (
    <div
      ref={box}
      class={`log-list panel${showKernel ? '' : ' one-kernel'}`}
      role="listbox"
      aria-label="Lines of the log"
      aria-activedescendant={selected.value && `log-${selected.value.n}`}
      tabIndex={0}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
    >
      {to <= from && (
        // A listbox without an option is none (WAI-ARIA).
        <div class="quiet log-empty" role="option" tabIndex={-1} aria-selected={false} aria-disabled="true">
          {lines.length === 0 ? 'No line yet.' : '...'}
        </div>
      )}
      <div class="log-space" style={{ height: `${lines.length * rowHeight}px` }}>
        <div class="log-rows" style={{ transform: `translateY(${from * rowHeight}px)` }}>
          {lines.slice(from, to).map((line, index) => (
            <Row
              key={line.n}
              line={line}
              isSelected={selected.value?.n === line.n}
              onClick={() => choose(from + index)}
              {...{ showKernel, position: from + index + 1, of: lines.length }}
            />
          ))}
        </div>
      </div>
    </div>
  )
}

interface RowProps {
  readonly line: ShownLine
  readonly isSelected: boolean
  readonly showKernel: boolean
  readonly position: number
  readonly of: number
  readonly onClick: () => void
}

function Row({ line, isSelected, showKernel, position, of, onClick }: RowProps): JSX.Element {
  const { n, at, level, kernel, msg, facts } = line
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the focus and takes the keys, as a listbox does.
    <div
      id={`log-${n}`}
      class={`log-row mono${isSelected ? ' selected' : ''}`}
      role="option"
      tabIndex={-1}
      aria-selected={isSelected}
      aria-posinset={position}
      aria-setsize={of}
      onClick={onClick}
    >
      <span class="at">{clockTime(at)}</span>
      <span class={`level l${level}`}>{levelWord(level)}</span>
      {showKernel && <span class="of">{kernel}</span>}
      <span class="said">
        {msg}
        {facts !== '' && <span class="facts"> {facts}</span>}
      </span>
    </div>
  )
}
