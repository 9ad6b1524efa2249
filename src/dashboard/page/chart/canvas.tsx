/**
 * A chart that one moves about in: it scrolls as everything else does (by wheel, finger, drag and arrow keys), and is
 * zoomed by ctrl and wheel, by pinching, by buttons and by + - 0. What is lit on it is told by signals.
 */
import { type ReadonlySignal, type Signal, useSignal, useSignalEffect } from '@preact/signals'
import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import type { Box } from '../../../chart/model.ts'
import type { DrawnChart } from '../../wire.ts'
import type { Countdown } from './countdown.ts'
import type { Move } from './moves.ts'
import { styleCharts } from './picture.ts'
import type { Transit } from './player.ts'
import { usePointers } from './pointers.ts'
import { Stage } from './stage.ts'
import type { Trail } from './trace.ts'
import { clampScale, fitScale, scrollAfter, scrollToShow, zoomedIn, zoomedOut } from './zoom.ts'

/** What a chart shows beside itself. */
export interface Lights {
  /** Active nodes with all that contain them. */
  readonly active: ReadonlySignal<ReadonlySet<string>>
  readonly leaves: ReadonlySignal<readonly string[]>
  readonly transit: ReadonlySignal<Transit<Move> | undefined>
  readonly trails: ReadonlySignal<ReadonlyMap<string, Trail>>
  readonly countdowns: ReadonlySignal<readonly Countdown[]>
  /** Server's clock; ticks only while a countdown runs. */
  readonly now: ReadonlySignal<number>
  /** Edge that is looked at, from the chart or from a list beside it. */
  readonly pointed: Signal<string | undefined>
}

const stepPixels = 60

/** Class of the grid around a chart: a wide one gets the whole width, a tall one has the rest beside it. */
export function arrangement({ width, height }: { readonly width: number; readonly height: number }): string {
  return width > height * 1.3 ? 'chart-rows' : 'chart-columns'
}

export function ChartCanvas({
  drawn,
  label,
  lights,
  children,
}: {
  readonly drawn: DrawnChart
  /** Beside the tools. */
  readonly children?: ComponentChildren
  /** Accessible name of the picture. */
  readonly label: string
  readonly lights: Lights
}): JSX.Element {
  const view = useRef<HTMLDivElement>(null)
  const scale = useSignal(1)
  /** Undefined: it fits the width, whatever that is. */
  const chosen = useSignal<number | undefined>(undefined)
  const follows = useSignal(true)
  const withCounts = useSignal(false)
  const stage = useMemo(() => {
    styleCharts()
    return new Stage(drawn)
  }, [drawn])

  const zoomTo = (wanted: number, anchorX?: number, anchorY?: number) => {
    const element = view.current
    if (element === null) return
    const next = clampScale(wanted)
    chosen.value = next
    resize(stage, element, scale.peek(), next, anchorX ?? element.clientWidth / 2, anchorY ?? element.clientHeight / 2)
    scale.value = next
  }
  const fitWidth = () => {
    const element = view.current
    if (element === null) return
    chosen.value = undefined
    const next = fitScale(drawn.layout.width, roomIn(element))
    resize(stage, element, scale.peek(), next, 0, 0)
    scale.value = next
  }

  useLayoutEffect(() => {
    const element = view.current
    if (element === null) return
    element.replaceChildren(stage.svg)
    fitWidth()
    reveal(stage, element, scale.peek(), lights.leaves.peek(), false)
    const observer = new ResizeObserver(() => {
      if (chosen.peek() === undefined) fitWidth()
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [stage])

  useLights(stage, lights, withCounts)
  useSignalEffect(() => {
    const leaves = lights.leaves.value
    if (view.current !== null && follows.value) reveal(stage, view.current, scale.peek(), leaves, true)
  })
  useSignalEffect(() => {
    // What is pointed at in a list may be out of sight here.
    const id = lights.pointed.value
    const place = id === undefined ? undefined : stage.placeOf(id)
    if (view.current === null || place === undefined || view.current.matches(':hover')) return
    show(view.current, place, scale.peek(), true)
  })
  usePointers(view, {
    zoomBy: (factor, x, y) => zoomTo(scale.peek() * factor, x, y),
    moved: () => (follows.value = false),
    over: (target) => (lights.pointed.value = Stage.edgeOf(target)),
  })

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === '+' || event.key === '=') zoomTo(zoomedIn(scale.peek()))
    else if (event.key === '-') zoomTo(zoomedOut(scale.peek()))
    else if (event.key === '0') fitWidth()
    else if (event.key.startsWith('Arrow')) {
      follows.value = false
      const sign = event.key === 'ArrowLeft' || event.key === 'ArrowUp' ? -1 : 1
      const isLevel = event.key === 'ArrowLeft' || event.key === 'ArrowRight'
      view.current?.scrollBy(isLevel ? sign * stepPixels : 0, isLevel ? 0 : sign * stepPixels)
    } else return
    event.preventDefault()
  }

  return (
    <div class="chart-canvas">
      <fieldset class="chart-tools">
        <legend class="unseen">How the chart is shown</legend>
        <span class="chart-legend quiet" aria-hidden="true">
          <i class="active" /> where it is <i class="last" /> last step <i class="traced" /> path so far
        </span>
        {children}
        <button type="button" aria-label="Smaller" title="Smaller (-)" onClick={() => zoomTo(zoomedOut(scale.peek()))}>
          −
        </button>
        <span class="quiet zoom">{Math.round(scale.value * 100)} %</span>
        <button type="button" aria-label="Larger" title="Larger (+)" onClick={() => zoomTo(zoomedIn(scale.peek()))}>
          +
        </button>
        <button type="button" title="Fit to the width (0)" aria-pressed={chosen.value === undefined} onClick={fitWidth}>
          fit
        </button>
        <button type="button" aria-pressed={follows.value} onClick={() => (follows.value = !follows.value)}>
          follow
        </button>
        <button type="button" aria-pressed={withCounts.value} onClick={() => (withCounts.value = !withCounts.value)}>
          counts
        </button>
      </fieldset>
      <section
        class="chart-view"
        ref={view}
        aria-label={`${label}. Zoom with + - 0.`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
        tabIndex={0}
        onKeyDown={onKeyDown}
      />
    </div>
  )
}

/** Each light by itself, so that a countdown's frame touches nothing else. */
function useLights(stage: Stage, lights: Lights, withCounts: Signal<boolean>): void {
  useSignalEffect(() => stage.light(lights.active.value, lights.leaves.value))
  useSignalEffect(() => stage.trace(lights.trails.value, withCounts.value))
  useSignalEffect(() => stage.count(lights.countdowns.value, lights.now.value))
  useSignalEffect(() => stage.point(lights.pointed.value))
  useSignalEffect(() => {
    const transit = lights.transit.value
    return transit === undefined ? undefined : stage.travel(transit.move.edges, transit.durationMs)
  })
  // Another picture: all of it once more, though nothing has changed.
  useEffect(() => {
    stage.light(lights.active.peek(), lights.leaves.peek())
    stage.trace(lights.trails.peek(), withCounts.peek())
    stage.count(lights.countdowns.peek(), lights.now.peek())
  }, [stage])
}

/** Width inside the padding. */
function roomIn(view: HTMLElement): number {
  const { paddingLeft, paddingRight } = getComputedStyle(view)
  return view.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight)
}

function resize(
  stage: Stage,
  view: HTMLElement,
  before: number,
  after: number,
  anchorX: number,
  anchorY: number,
): void {
  const [left, top] = [
    scrollAfter(view.scrollLeft, anchorX, before, after),
    scrollAfter(view.scrollTop, anchorY, before, after),
  ]
  const { width, height } = stage.size
  stage.svg.setAttribute('width', String(width * after))
  stage.svg.setAttribute('height', String(height * after))
  view.scrollTo({ left, top, behavior: 'instant' })
}

function reveal(stage: Stage, view: HTMLElement, scale: number, leaves: readonly string[], isSmooth: boolean): void {
  const box = leaves[0] === undefined ? undefined : stage.boxOf(leaves[0])
  if (box !== undefined) show(view, box, scale, isSmooth)
}

function show(view: HTMLElement, box: Box, scale: number, isSmooth: boolean): void {
  const left = scrollToShow(view.scrollLeft, view.clientWidth, box.x * scale, (box.x + box.width) * scale)
  const top = scrollToShow(view.scrollTop, view.clientHeight, box.y * scale, (box.y + box.height) * scale)
  const isCalm = !isSmooth || matchMedia('(prefers-reduced-motion: reduce)').matches
  if (left !== view.scrollLeft || top !== view.scrollTop)
    view.scrollTo({ left, top, behavior: isCalm ? 'instant' : 'smooth' })
}
