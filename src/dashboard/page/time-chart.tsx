/**
 * A chart of samples over time, by uPlot; its values, now or under the pointer, stand above it as text. Colours are the
 * page's, in light and dark, looked up when it is drawn.
 */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Sample } from './samples.ts'
import type { Measure } from './sparkline-path.ts'
import { clockTime } from './words.ts'

interface ChartLine {
  readonly of: Measure
  readonly name: string
  /** A CSS variable. */
  readonly colour: string
}

export interface TimeChartProps {
  readonly title: string
  readonly lines: readonly ChartLine[]
  readonly format: (value: number) => string
  /** The upper edge is not lower than this. */
  readonly top: number
  /** Oldest first. */
  readonly samples: readonly Sample[]
  readonly spanMs: number
}

const height = 132

export function TimeChart(props: TimeChartProps): JSX.Element {
  const { title, lines, format, samples, spanMs } = props
  const ref = useRef<HTMLDivElement>(null)
  const chart = useRef<UPlot | undefined>(undefined)
  const latest = useRef(props)
  latest.current = props
  /** Index of the sample under the pointer. */
  const at = useSignal<number | undefined>(undefined)
  useEffect(() => {
    const element = ref.current
    if (element === null) return
    const made = new UPlot(
      optionsOf(element, latest, (index) => (at.value = index)),
      dataOf(latest.current),
      element,
    )
    chart.current = made
    const size = new ResizeObserver(() => made.setSize({ width: Math.max(120, element.clientWidth), height }))
    size.observe(element)
    const off = onThemeChange(() => made.redraw(false))
    return () => {
      off()
      size.disconnect()
      made.destroy()
    }
  }, [at])
  useEffect(() => {
    chart.current?.setData(dataOf({ lines, samples }))
  }, [lines, samples, spanMs])
  const shown = (at.value === undefined ? undefined : samples[at.value]) ?? samples.at(-1)
  return (
    <figure class="time-chart">
      <figcaption>
        <b>{title}</b>
        {lines.map(({ of, name, colour }) => (
          <span key={of}>
            <i style={{ background: `var(${colour})` }} /> {name} {shown === undefined ? '' : format(shown[of])}
          </span>
        ))}
        {at.value !== undefined && shown !== undefined && <span class="quiet">{clockTime(shown.at)}</span>}
      </figcaption>
      <div ref={ref} aria-hidden="true" />
    </figure>
  )
}

function dataOf({ lines, samples }: Pick<TimeChartProps, 'lines' | 'samples'>): UPlot.AlignedData {
  return [samples.map((sample) => sample.at / 1000), ...lines.map(({ of }) => samples.map((sample) => sample[of]))]
}

function optionsOf(
  element: HTMLElement,
  latest: { readonly current: TimeChartProps },
  point: (index: number | undefined) => void,
): UPlot.Options {
  const { lines, top, format } = latest.current
  const colour = (name: string) => () => colourOf(element, name)
  const axis = { stroke: colour('--quiet'), font: '11px system-ui, sans-serif', ticks: { show: false } }
  const grid = { stroke: colour('--line'), width: 1 }
  return {
    width: Math.max(120, element.clientWidth),
    height,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: {
        range: (_, _min, max) => [(max ?? Date.now() / 1000) - latest.current.spanMs / 1000, max ?? Date.now() / 1000],
      },
      y: { range: (_, _min, max) => [0, Math.max(top, (max ?? 0) * 1.15)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 22,
        space: 90,
        values: (_, at) => at.map((one) => clockTime(one * 1000)),
      },
      { ...axis, grid, size: 50, space: 34, values: (_, values) => values.map(format) },
    ],
    series: [{}, ...lines.map((line) => ({ stroke: colour(line.colour), width: 1.5, points: { show: false } }))],
    hooks: { setCursor: [({ cursor }) => point(cursor.idx ?? undefined)] },
  }
}

/** What a CSS variable is here and now: a canvas knows none. */
function colourOf(element: HTMLElement, name: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${name})`
  element.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

/** Returns the function that ends it. */
function onThemeChange(listener: () => void): () => void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const chosen = new MutationObserver(listener)
  dark.addEventListener('change', listener)
  chosen.observe(document.documentElement, { attributeFilter: ['data-theme'] })
  return () => {
    dark.removeEventListener('change', listener)
    chosen.disconnect()
  }
}
