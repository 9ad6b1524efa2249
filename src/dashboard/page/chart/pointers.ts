/** Mouse and fingers on a chart: a drag moves it, two fingers and ctrl with the wheel zoom it. It knows no chart. */
import type { RefObject } from 'preact'
import { useEffect } from 'preact/hooks'

export interface PointerTasks {
  /** x, y: pixels in the view; what is there stays there. */
  zoomBy(factor: number, x: number, y: number): void
  /** The user has moved it. */
  moved(): void
  over(target: EventTarget | null): void
}

interface Spot {
  readonly x: number
  readonly y: number
}

/** Of a wheel's delta: a notch of a mouse is a step, a touchpad's pinch is as smooth as it comes. */
const wheelFactor = 0.0022

export function usePointers(view: RefObject<HTMLElement | null>, tasks: PointerTasks): void {
  useEffect(() => {
    const element = view.current
    if (element === null) return
    const ending = new AbortController()
    const { signal } = ending
    listenToWheel(element, tasks, signal)
    listenToPointers(element, tasks, signal)
    element.addEventListener('pointerover', ({ target }) => tasks.over(target), { signal })
    element.addEventListener('pointerleave', () => tasks.over(null), { signal })
    return () => ending.abort()
  }, [])
}

function within(element: HTMLElement, { clientX, clientY }: MouseEvent): Spot {
  const { left, top } = element.getBoundingClientRect()
  return { x: clientX - left, y: clientY - top }
}

function listenToWheel(element: HTMLElement, tasks: PointerTasks, signal: AbortSignal): void {
  const onWheel = (event: WheelEvent) => {
    if (!event.ctrlKey) {
      tasks.moved()
      return
    }
    event.preventDefault()
    const { x, y } = within(element, event)
    tasks.zoomBy(Math.exp(-Math.max(-120, Math.min(120, event.deltaY)) * wheelFactor), x, y)
  }
  element.addEventListener('wheel', onWheel, { passive: false, signal })
}

function listenToPointers(element: HTMLElement, tasks: PointerTasks, signal: AbortSignal): void {
  const down = new Map<number, Spot>()
  const gap = () => {
    const [a, b] = [...down.values()]
    return a === undefined || b === undefined ? 0 : Math.hypot(a.x - b.x, a.y - b.y)
  }
  element.addEventListener(
    'pointerdown',
    (event) => {
      if (event.pointerType === 'mouse' && event.button !== 0) return
      down.set(event.pointerId, within(element, event))
    },
    { signal },
  )
  element.addEventListener(
    'pointermove',
    (event) => {
      const before = down.get(event.pointerId)
      if (before === undefined) return
      const at = within(element, event)
      const gapBefore = gap()
      down.set(event.pointerId, at)
      if (down.size === 2 && gapBefore > 0) {
        const [a = at, b = at] = [...down.values()]
        tasks.zoomBy(gap() / gapBefore, (a.x + b.x) / 2, (a.y + b.y) / 2)
      } else if (event.pointerType === 'mouse') {
        // A finger's drag is the browser's own scrolling.
        element.setPointerCapture(event.pointerId)
        element.classList.add('dragged')
        element.scrollBy({ left: before.x - at.x, top: before.y - at.y, behavior: 'instant' })
        tasks.moved()
      } else tasks.moved()
    },
    { signal },
  )
  const up = (event: PointerEvent) => {
    down.delete(event.pointerId)
    element.classList.remove('dragged')
  }
  for (const name of ['pointerup', 'pointercancel'] as const) element.addEventListener(name, up, { signal })
}
