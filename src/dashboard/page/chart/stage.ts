/**
 * Light on a drawn chart: which nodes are active, which edges were taken, what travels along them, what is left of a
 * delay. It changes the picture and decides nothing; it redraws only what is different.
 */
import type { Box } from '../../../chart/model.ts'
import type { DrawnChart } from '../../wire.ts'
import { type Countdown, leftMs, leftText, shareLeft } from './countdown.ts'
import { pictureOf } from './picture.ts'
import { heatOf, type Trail } from './trace.ts'

const svgSpace = 'http://www.w3.org/2000/svg'
const barHeight = 3
const pillHeight = 17

function shape<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Readonly<Record<string, string | number>>,
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(svgSpace, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value))
  return element
}

interface Clockface {
  readonly group: SVGGElement
  readonly bar: SVGRectElement
  readonly text: SVGTextElement
  readonly pill: SVGRectElement
  readonly box: Box
}

export class Stage {
  readonly svg: SVGSVGElement
  readonly #drawn: DrawnChart
  readonly #nodes = new Map<string, Element>()
  readonly #edges = new Map<string, Element>()
  /** Above everything that was drawn. */
  readonly #over: SVGGElement
  readonly #faces = new Map<string, Clockface>()
  readonly #badges = new Map<string, SVGGElement>()
  #active: ReadonlySet<string> = new Set()
  #pointed: string | undefined
  #travelling: readonly string[] = []

  constructor(drawn: DrawnChart) {
    this.#drawn = drawn
    this.svg = pictureOf(drawn.svg)
    // The browser's own tooltips would lie over what the page says about an edge.
    for (const title of this.svg.querySelectorAll('g > title')) title.remove()
    for (const element of this.svg.querySelectorAll('[data-node]'))
      this.#nodes.set(element.getAttribute('data-node') ?? '', element)
    for (const element of this.svg.querySelectorAll('[data-edge]'))
      this.#edges.set(element.getAttribute('data-edge') ?? '', element)
    this.#over = this.svg.appendChild(shape('g', { class: 'over', 'aria-hidden': 'true' }))
  }

  /** Id of the edge that an element of the picture belongs to. */
  static edgeOf(target: EventTarget | null): string | undefined {
    return target instanceof Element
      ? (target.closest('[data-edge]')?.getAttribute('data-edge') ?? undefined)
      : undefined
  }

  /** @param active with all that contain them; @param leaves the innermost of them. */
  light(active: ReadonlySet<string>, leaves: readonly string[]): void {
    for (const id of this.#active) if (!active.has(id)) this.#nodes.get(id)?.classList.remove('active', 'here')
    for (const id of active) {
      const element = this.#nodes.get(id)
      element?.classList.add('active')
      element?.classList.toggle('here', leaves.includes(id))
    }
    this.#active = active
  }

  trace(trails: ReadonlyMap<string, Trail>, withCounts: boolean): void {
    for (const [id, element] of this.#edges) {
      const trail = trails.get(id)
      element.classList.toggle('traced', trail !== undefined)
      element.classList.toggle('last', trail?.age === 0)
      if (trail !== undefined && element instanceof SVGElement)
        element.style.setProperty('--heat', `${Math.round(heatOf(trail) * 100)}%`)
    }
    for (const badge of this.#badges.values()) badge.remove()
    this.#badges.clear()
    if (withCounts) for (const [id, { count }] of trails) this.#count(id, count)
  }

  /** The edges light up, and a dot goes along each of their lines. */
  travel(edges: readonly string[], durationMs: number): () => void {
    this.#travelling = edges
    const running: Animation[] = []
    const dots: Element[] = []
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches
    for (const id of edges) {
      const element = this.#edges.get(id)
      if (element === undefined) continue
      element.classList.add('taken')
      if (isCalm) continue
      for (const line of element.querySelectorAll(':scope > .hit')) {
        const path = line.getAttribute('d')
        if (path === null) continue
        const dot = this.#over.appendChild(shape('circle', { class: 'traveller', r: 5.5 }))
        dot.style.setProperty('offset-path', `path('${path}')`)
        dots.push(dot)
        const timing = { duration: durationMs, easing: 'cubic-bezier(0.35, 0, 0.4, 1)', fill: 'both' } as const
        running.push(dot.animate([{ offsetDistance: '0%' }, { offsetDistance: '100%' }], timing))
      }
    }
    return () => {
      for (const id of this.#travelling) this.#edges.get(id)?.classList.remove('taken')
      for (const animation of running) animation.cancel()
      for (const dot of dots) dot.remove()
    }
  }

  point(id: string | undefined): void {
    if (this.#pointed !== undefined) this.#edges.get(this.#pointed)?.classList.remove('pointed')
    this.#pointed = id
    if (id !== undefined) this.#edges.get(id)?.classList.add('pointed')
  }

  /** What is left of the delays; a face stays as long as its delay is among them. */
  count(countdowns: readonly Countdown[], now: number): void {
    const running = countdowns.filter((countdown) => leftMs(countdown, now) > 0)
    const keys = new Set(running.map(({ edge }) => edge))
    for (const [edge, face] of this.#faces) {
      if (keys.has(edge)) continue
      face.group.remove()
      this.#faces.delete(edge)
      this.#edges.get(edge)?.classList.remove('counting')
    }
    for (const countdown of running) this.#tell(countdown, now)
  }

  /** At scale 1. */
  get size(): { readonly width: number; readonly height: number } {
    return this.#drawn.layout
  }

  /** Where a node stands; undefined for one that is not drawn. */
  boxOf(id: string): Box | undefined {
    return this.#drawn.layout.nodes[id]
  }

  /** Where an edge's label stands, or the middle of its line. */
  placeOf(id: string): Box | undefined {
    const placed = this.#drawn.layout.edges.find((edge) => edge.id === id)
    if (placed?.label !== undefined) return placed.label
    const path = placed?.paths[0]
    const middle = path?.[Math.floor(path.length / 2)]
    return middle === undefined ? undefined : { ...middle, width: 0, height: 0 }
  }

  #tell(countdown: Countdown, now: number): void {
    const face = this.#faces.get(countdown.edge) ?? this.#face(countdown)
    if (face === undefined) return
    const text = leftText(leftMs(countdown, now))
    face.bar.setAttribute('width', ((face.box.width - 8) * shareLeft(countdown, now)).toFixed(1))
    if (face.text.textContent === text) return
    face.text.textContent = text
    const width = text.length * 6.6 + 14
    face.pill.setAttribute('width', String(width))
    face.pill.setAttribute('x', String(face.box.x + face.box.width - width + 8))
    face.text.setAttribute('x', String(face.box.x + face.box.width - width / 2 + 8))
  }

  #face({ node, edge }: Countdown): Clockface | undefined {
    const box = this.boxOf(node)
    if (box === undefined) return undefined
    const group = this.#over.appendChild(shape('g', { class: 'countdown' }))
    const bottom = box.y + box.height
    const track = { x: box.x + 4, y: bottom - barHeight - 3, height: barHeight, rx: barHeight / 2 }
    group.append(shape('rect', { ...track, class: 'track', width: box.width - 8 }))
    const bar = group.appendChild(shape('rect', { ...track, class: 'bar', width: 0 }))
    const top = box.y - pillHeight / 2
    const pill = group.appendChild(shape('rect', { class: 'face', y: top, height: pillHeight, rx: pillHeight / 2 }))
    const text = group.appendChild(shape('text', { class: 'left', y: top + 12.5, 'text-anchor': 'middle' }))
    const face = { group, bar, text, pill, box }
    this.#faces.set(edge, face)
    this.#edges.get(edge)?.classList.add('counting')
    return face
  }

  #count(id: string, count: number): void {
    const place = this.placeOf(id)
    if (place === undefined) return
    const text = `${count}×`
    const width = text.length * 6.4 + 8
    const badge = shape('g', { class: 'badge' })
    const [x, y] = [place.x + place.width - 6, place.y - 9]
    badge.append(shape('rect', { x, y, width, height: 15, rx: 7.5 }))
    const label = badge.appendChild(shape('text', { x: x + width / 2, y: y + 11, 'text-anchor': 'middle' }))
    label.textContent = text
    this.#over.append(badge)
    this.#badges.set(id, badge)
  }
}
