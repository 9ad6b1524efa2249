/** Pointing at kernels of a picture, with the pointer and with the keyboard: one place for graph and tiles. */
import type { HTMLAttributes } from 'preact'
import type { Box } from '../../../chart/model.ts'
import { pointed } from './choice.ts'
import { nextBox } from './tiles.ts'

type Handlers = Pick<
  HTMLAttributes<HTMLElement>,
  'onPointerOver' | 'onPointerLeave' | 'onKeyDown' | 'onFocusIn' | 'onFocusOut'
>

const kernelOf = (target: EventTarget | null): string | undefined =>
  target instanceof Element ? target.closest<SVGElement>('[data-kernel]')?.dataset.kernel : undefined

/**
 * Handlers for what is around the SVG whose parts carry `data-kernel`: an SVG that listens to the focus would become a tab
 * stop itself.
 */
export function pointingAt(boxes: ReadonlyMap<string, Box>): Handlers {
  return {
    onPointerOver(event) {
      const id = kernelOf(event.target)
      if (id !== undefined || !event.currentTarget.contains(document.activeElement)) pointed.value = id
    },
    onPointerLeave(event) {
      pointed.value = event.currentTarget.contains(document.activeElement)
        ? kernelOf(document.activeElement)
        : undefined
    },
    onFocusIn(event) {
      pointed.value = kernelOf(event.target)
    },
    onFocusOut(event) {
      if (!event.currentTarget.contains(event.relatedTarget as Element | null)) pointed.value = undefined
    },
    onKeyDown(event) {
      const from = kernelOf(event.target)
      const next = from === undefined ? undefined : nextBox(boxes, from, event.key)
      if (next === undefined) return
      event.preventDefault()
      event.currentTarget.querySelector<SVGElement>(`[data-kernel="${CSS.escape(next)}"]`)?.focus()
    },
  }
}
