/**
 * What runs in the HTML export, as the text of a script: the chart's picture and its data stand in the page, and `walkOf`
 * (walk.ts) stands before this. What comes from the machine is written as text, never as markup. Here are the view, what is
 * lit, and the panel; html-handling.ts has what answers to hands.
 */
import { handlingScript } from './html-handling.ts'

/** Pan and zoom: the viewBox is the part of the chart that the stage shows, `zoom` pixels to one of the chart. */
const view = `
const byId = (id) => document.getElementById(id)
const chart = JSON.parse(byId('chart-data').textContent)
const svg = document.querySelector('svg.chart')
const whole = { width: svg.viewBox.baseVal.width, height: svg.viewBox.baseVal.height }
const view = { x: 0, y: 0, zoom: 1 }
const margin = 24
function show() {
  const { clientWidth, clientHeight } = svg
  svg.setAttribute('viewBox', [view.x, view.y, clientWidth / view.zoom, clientHeight / view.zoom].join(' '))
  byId('zoom').textContent = Math.round(view.zoom * 100) + ' %'
}
function fit() {
  const { clientWidth } = svg
  // The line about the keys stands at the bottom, where there is one.
  const clientHeight = svg.clientHeight - document.querySelector('.keys').offsetHeight
  const room = Math.min((clientWidth - 2 * margin) / whole.width, (clientHeight - 2 * margin) / whole.height)
  view.zoom = Math.max(0.05, Math.min(1.5, room))
  view.x = (whole.width - clientWidth / view.zoom) / 2
  view.y = (whole.height - clientHeight / view.zoom) / 2
  show()
}
function zoomBy(factor, at) {
  const point = at ?? { x: svg.clientWidth / 2, y: svg.clientHeight / 2 }
  const zoom = Math.max(0.05, Math.min(5, view.zoom * factor))
  view.x += point.x / view.zoom - point.x / zoom
  view.y += point.y / view.zoom - point.y / zoom
  view.zoom = zoom
  show()
}
function panBy(x, y) {
  view.x += x / view.zoom
  view.y += y / view.zoom
  show()
}
function bringIntoView(element) {
  const box = element.getBBox()
  const [width, height] = [svg.clientWidth / view.zoom, svg.clientHeight / view.zoom]
  const isSeen = box.x >= view.x && box.y >= view.y && box.x + box.width <= view.x + width && box.y + box.height <= view.y + height
  if (isSeen) return
  view.x = box.x + box.width / 2 - width / 2
  view.y = box.y + box.height / 2 - height / 2
  show()
}
function atPointer(event) {
  const { left, top } = svg.getBoundingClientRect()
  return { x: event.clientX - left, y: event.clientY - top }
}`

/** Which states and transitions belong to the one that is pointed at. */
const lighting = `
const nodes = new Map()
const parents = new Map()
;(function visit(node) {
  nodes.set(node.id, node)
  for (const child of node.children) {
    parents.set(child.id, node.id)
    visit(child)
  }
})(chart.root)
const edges = new Map(chart.edges.map((edge) => [edge.id, edge]))
const drawn = new Map()
for (const element of svg.querySelectorAll('[data-node]')) drawn.set(element.dataset.node, element)
for (const element of svg.querySelectorAll('[data-edge]')) drawn.set(element.dataset.edge, element)
const idOf = (element) => element.dataset.node ?? element.dataset.edge
function around(id) {
  const near = new Set()
  const addNode = (at) => {
    for (let one = at; one !== undefined; one = parents.get(one)) near.add(one)
  }
  const addEdge = (edge) => {
    near.add(edge.id)
    for (const at of [edge.source, ...edge.targets]) addNode(at)
  }
  if (edges.has(id)) addEdge(edges.get(id))
  else {
    addNode(id)
    for (const edge of chart.edges) if (edge.source === id || edge.targets.includes(id)) addEdge(edge)
    const addBelow = (node) => {
      near.add(node.id)
      for (const edge of chart.edges) if (edge.source === node.id && edge.targets.length === 0) near.add(edge.id)
      node.children.forEach(addBelow)
    }
    addBelow(nodes.get(id))
  }
  return near
}
function point(id) {
  const near = id === undefined ? new Set() : around(id)
  const edge = edges.get(id)
  svg.classList.toggle('pointing', near.size > 0)
  for (const [one, element] of drawn) {
    element.classList.toggle('near', near.has(one))
    element.classList.toggle('aim', edge !== undefined && edge.targets.includes(one))
  }
}`

/** The panel: what is known of the state or the transition that was picked, or an outline of all. */
const details = `
let picked
const readable = (text) => text.replace(/[\\u202a-\\u202e\\u2066-\\u2069]/g, '\\ufffd')
function make(tag, properties, ...inside) {
  const element = Object.assign(document.createElement(tag), properties)
  element.append(...inside.filter((part) => part !== undefined).map((part) => (typeof part === 'string' ? readable(part) : part)))
  return element
}
function edgeText({ event, guard, actions }) {
  return event + (guard === undefined ? '' : ' [' + guard + ']') + (actions.length === 0 ? '' : ' / ' + actions.join(', '))
}
const nameOf = (id) => nodes.get(id)?.key ?? id
const isIgnored = ({ kind, targets, actions }) => targets.length === 0 && actions.length === 0 && kind !== 'always' && kind !== 'after'
const leadsTo = (edge) => (isIgnored(edge) ? 'ignored' : edge.targets.length === 0 ? 'stays' : '→ ' + edge.targets.map(nameOf).join(', '))
function linkTo(id, text, more) {
  const button = make('button', { type: 'button', className: 'link' }, text)
  if (more !== undefined) button.append(' ', make('span', {}, more))
  button.addEventListener('click', () => pick(id))
  button.addEventListener('pointerenter', () => point(id))
  button.addEventListener('pointerleave', () => point(undefined))
  button.addEventListener('focus', () => {
    if (button.matches(':focus-visible')) point(id)
  })
  button.addEventListener('blur', () => point(undefined))
  return button
}
function section(title, items) {
  if (items.length === 0) return undefined
  return make('section', {}, make('h3', {}, title), make('ul', {}, ...items.map((item) => make('li', {}, item))))
}
const code = (text) => make('span', { className: 'code' }, text)
function ofNode(node) {
  const out = chart.edges.filter(({ source }) => source === node.id)
  const into = chart.edges.filter(({ source, targets }) => source !== node.id && targets.includes(node.id))
  const kind = node.kind === 'history' ? node.history + ' history' : node.kind === 'atomic' ? 'state' : node.kind + ' state'
  return [
    make('h2', {}, node.key),
    make('p', { className: 'quiet code' }, node.id),
    make('p', {}, kind + (node.initial === undefined ? '' : ', begins in ' + nameOf(node.initial))),
    node.description === undefined ? undefined : make('p', {}, node.description),
    section('Tags', node.tags.map(code)),
    section('On entry', node.entry.map(code)),
    section('On exit', node.exit.map(code)),
    section('Invokes', node.invokes.map(({ id, src }) => code(id === src ? src : src + ' (' + id + ')'))),
    section('Spawns', node.spawns.map(code)),
    section('Transitions out', out.map((edge) => linkTo(edge.id, edgeText(edge), leadsTo(edge)))),
    section('Transitions in', into.map((edge) => linkTo(edge.id, edgeText(edge), 'from ' + nameOf(edge.source)))),
    section('States', node.children.map((child) => linkTo(child.id, child.key))),
  ]
}
function ofEdge(edge) {
  const delay = edge.delay === undefined || typeof edge.delay === 'number' ? undefined : 'The delay ' + edge.delay + ' is given by the machine.'
  return [
    make('h2', {}, edge.event),
    edge.description === undefined ? undefined : make('p', {}, edge.description),
    delay === undefined ? undefined : make('p', { className: 'quiet' }, delay),
    edge.targets.length === 0 ? make('p', { className: 'quiet' }, isIgnored(edge) ? 'The event is ignored here: nothing is done, and no outer state sees it.' : 'The machine stays where it is.') : undefined,
    edge.reenter ? make('p', { className: 'quiet' }, 'The state is left and entered again.') : undefined,
    section('From', [linkTo(edge.source, nameOf(edge.source), edge.source)]),
    section('To', edge.targets.map((id) => linkTo(id, nameOf(id), id))),
    section('Only if', edge.guard === undefined ? [] : [code(edge.guard)]),
    section('Actions', edge.actions.map(code)),
  ]
}
function outline() {
  const branch = (node) =>
    make('li', {}, linkTo(node.id, node.key), node.children.length === 0 ? undefined : make('ul', {}, ...node.children.map(branch)))
  return [
    make('h2', {}, 'States'),
    make('p', { className: 'quiet' }, 'Point at a state or a transition to see where it leads; click it for what it does.'),
    make('ul', {}, branch(chart.root)),
  ]
}
function pick(id) {
  if (picked !== undefined) drawn.get(picked)?.classList.remove('picked')
  picked = id
  const node = nodes.get(id)
  const edge = edges.get(id)
  if (id !== undefined) drawn.get(id)?.classList.add('picked')
  const parts = node !== undefined ? ofNode(node) : edge !== undefined ? ofEdge(edge) : outline()
  const back = make('button', { type: 'button' }, 'All states')
  back.addEventListener('click', () => pick(undefined))
  byId('details').replaceChildren(...parts.filter((part) => part !== undefined), ...(id === undefined ? [] : [make('div', { className: 'row' }, back)]))
  if (id !== undefined && drawn.has(id)) bringIntoView(drawn.get(id))
}`

export const pageScript: string = [view, lighting, details, handlingScript].join('\n')
