/** How large a chart is shown, and what stays where while that changes. Pure. */

export const scaleMin = 0.15
export const scaleMax = 3
/** Below this its text cannot be read; a chart is shown no smaller by itself. */
export const scaleReadable = 0.55
/** A small chart is not blown up further. */
const scaleFitMax = 1.15
const stepFactor = 1.25

export const clampScale = (scale: number): number => Math.min(scaleMax, Math.max(scaleMin, scale))
export const zoomedIn = (scale: number): number => clampScale(scale * stepFactor)
export const zoomedOut = (scale: number): number => clampScale(scale / stepFactor)

/** Fits the chart to the width; on a narrow screen it stays readable and is moved instead. */
export function fitScale(chartWidth: number, viewWidth: number): number {
  if (chartWidth <= 0 || viewWidth <= 0) return 1
  return Math.min(scaleFitMax, Math.max(scaleReadable, viewWidth / chartWidth))
}

/** Where to scroll to, so that the point of the chart under `anchor` (pixels in the view) stays there. */
export function scrollAfter(scroll: number, anchor: number, before: number, after: number): number {
  return ((scroll + anchor) / before) * after - anchor
}

/** Where to scroll to, so that a stretch is seen; unchanged where it is seen already. All in pixels on the screen. */
export function scrollToShow(scroll: number, view: number, from: number, to: number, margin = 24): number {
  if (from - margin >= scroll && to + margin <= scroll + view) return scroll
  return Math.max(0, (from + to) / 2 - view / 2)
}
