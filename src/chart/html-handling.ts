/** The rest of the script of the HTML export (html-script.ts): the walk, the pointer and the keyboard. */

/** A walk: the marker runs along the edge that is taken, then the states it leads to are lit. */
const walking = `
let walk
let settle
const walkButton = byId('walk')
function drawWalk() {
  const active = new Set(walk?.active() ?? [])
  const open = new Set(walk?.open() ?? [])
  const path = walk?.path() ?? []
  svg.classList.toggle('walking', walk !== undefined)
  for (const [id, element] of drawn) {
    element.classList.toggle('active', active.has(id) && id !== chart.root.id)
    element.classList.toggle('open', open.has(id))
    element.classList.toggle('last', path.at(-1) === id)
    element.classList.toggle('traced', path.includes(id) && path.at(-1) !== id)
  }
  byId('walk-panel').hidden = walk === undefined
  if (walk === undefined) return
  const leaves = [...active].filter((id) => nodes.get(id).children.length === 0)
  const where = leaves.length === 0 ? chart.root.key : leaves.map(nameOf).join(', ')
  byId('walk-place').textContent = (open.size === 0 ? 'It ends in ' : 'In ') + readable(where) + '.'
  byId('walk-open').replaceChildren(...[...open].map((id) => {
    const edge = edges.get(id)
    const button = linkTo(id, edgeText(edge), leadsTo(edge))
    button.addEventListener('click', (event) => {
      event.stopImmediatePropagation()
      take(id)
      byId('walk-open').querySelector('button')?.focus()
    }, { capture: true })
    return make('li', {}, button)
  }))
  byId('walk-path').replaceChildren(...path.map((id) => make('li', {}, code(edgeText(edges.get(id)) + ' ' + leadsTo(edges.get(id))))))
  byId('walk-back').disabled = path.length === 0
  byId('walk-restart').disabled = path.length === 0
}
function take(id) {
  settle?.()
  if (!walk.take(id)) return false
  point(undefined)
  const line = drawn.get(id)?.querySelector('.hit')
  const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches
  if (line === null || line === undefined || isStill) drawWalk()
  else runAlong(line)
  return true
}
function runAlong(line) {
  const marker = document.createElementNS('http://www.w3.org/2000/svg', 'circle')
  marker.setAttribute('class', 'marker')
  marker.setAttribute('r', '7')
  svg.append(marker)
  const length = line.getTotalLength()
  const lastsMs = Math.min(900, 250 + length)
  let begun
  let frame = requestAnimationFrame(function step(now) {
    begun ??= now
    const part = Math.min(1, (now - begun) / lastsMs)
    const at = line.getPointAtLength(length * part * part * (3 - 2 * part))
    marker.setAttribute('cx', at.x)
    marker.setAttribute('cy', at.y)
    if (part === 1) settle()
    else frame = requestAnimationFrame(step)
  })
  settle = () => {
    cancelAnimationFrame(frame)
    marker.remove()
    settle = undefined
    drawWalk()
  }
}
walkButton.addEventListener('click', () => {
  settle?.()
  walk = walk === undefined ? walkOf(chart) : undefined
  walkButton.setAttribute('aria-pressed', String(walk !== undefined))
  drawWalk()
})
byId('walk-back').addEventListener('click', () => {
  settle?.()
  walk.back()
  drawWalk()
})
byId('walk-restart').addEventListener('click', () => {
  settle?.()
  walk = walkOf(chart)
  drawWalk()
})`

const wiring = `
for (const [id, element] of drawn) {
  const edge = edges.get(id)
  element.setAttribute('tabindex', '0')
  element.setAttribute('role', 'button')
  element.setAttribute('aria-label', readable(edge === undefined ? 'state ' + nameOf(id) : edgeText(edge) + ', from ' + nameOf(edge.source) + ' ' + leadsTo(edge)))
}
svg.setAttribute('role', 'group')
svg.setAttribute('tabindex', '0')
const under = (event) => event.target.closest?.('[data-node], [data-edge]') ?? undefined
const choose = (id) => {
  if (walk === undefined || !edges.has(id) || !take(id)) pick(id)
}
svg.addEventListener('pointerover', (event) => {
  const element = under(event)
  if (pointers.size > 0) return
  point(element === undefined || idOf(element) === chart.root.id ? undefined : idOf(element))
})
svg.addEventListener('pointerleave', () => point(undefined))
svg.addEventListener('focusin', (event) => {
  const element = under(event)
  if (element === undefined || !element.matches(':focus-visible')) return
  bringIntoView(element)
  point(idOf(element))
})
svg.addEventListener('focusout', () => point(undefined))

const pointers = new Map()
let moved = 0
svg.addEventListener('pointerdown', (event) => {
  if (event.button !== 0) return
  if (pointers.size === 0) moved = 0
  pointers.set(event.pointerId, atPointer(event))
})
svg.addEventListener('pointermove', (event) => {
  const before = pointers.get(event.pointerId)
  if (before === undefined) return
  const now = atPointer(event)
  const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at)
  moved += Math.hypot(now.x - before.x, now.y - before.y)
  if (moved < 4) return
  svg.setPointerCapture(event.pointerId)
  svg.classList.add('dragged')
  pointers.set(event.pointerId, now)
  if (other === undefined) panBy(before.x - now.x, before.y - now.y)
  else {
    const [was, is] = [before, now].map((at) => Math.hypot(at.x - other.x, at.y - other.y))
    if (was > 0 && is > 0) zoomBy(is / was, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 })
  }
})
for (const type of ['pointerup', 'pointercancel']) {
  addEventListener(type, (event) => {
    pointers.delete(event.pointerId)
    if (pointers.size === 0) svg.classList.remove('dragged')
  })
}
svg.addEventListener('click', (event) => {
  // What ends a drag is no click.
  if (moved >= 4) {
    moved = 0
    return
  }
  const element = under(event)
  choose(element === undefined ? undefined : idOf(element))
})
svg.addEventListener('wheel', (event) => {
  event.preventDefault()
  const pixels = event.deltaMode === 0 ? event.deltaY : event.deltaY * 32
  zoomBy(Math.exp(-Math.max(-240, Math.min(240, pixels)) / 400), atPointer(event))
}, { passive: false })

const keys = {
  ArrowLeft: () => panBy(-60, 0),
  ArrowRight: () => panBy(60, 0),
  ArrowUp: () => panBy(0, -60),
  ArrowDown: () => panBy(0, 60),
  '+': () => zoomBy(1.25),
  '=': () => zoomBy(1.25),
  '-': () => zoomBy(0.8),
  0: fit,
}
svg.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  const element = under(event)
  if (Object.hasOwn(keys, event.key)) keys[event.key]()
  else if ((event.key === 'Enter' || event.key === ' ') && element !== undefined) choose(idOf(element))
  else return
  event.preventDefault()
})
addEventListener('keydown', (event) => {
  if (event.key === 'Escape') pick(undefined)
})
byId('larger').addEventListener('click', () => zoomBy(1.25))
byId('smaller').addEventListener('click', () => zoomBy(0.8))
byId('fit').addEventListener('click', fit)
for (const button of document.querySelectorAll('[data-choose-theme]')) {
  button.addEventListener('click', () => {
    const { chooseTheme } = button.dataset
    if (chooseTheme === 'auto') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = chooseTheme
    for (const one of document.querySelectorAll('[data-choose-theme]')) one.setAttribute('aria-pressed', String(one === button))
  })
}
new ResizeObserver(show).observe(svg)
byId('tools').hidden = false
pick(undefined)
fit()`

export const handlingScript: string = [walking, wiring].join('\n')
