/**
 * What is written on a chart, and how much room it takes: the rows in a state's box, the lines of a transition's label.
 * Layout and drawing both ask here, so that a box is never smaller than its text. It places nothing.
 */
import type { Chart, ChartEdge, ChartNode } from './model.ts'
import { cutToWidth, type Font, textWidth, wrapToWidth } from './text-width.ts'

/** How a piece of text is drawn; the picture's stylesheet has a class for each. */
export type TextRole = 'name' | 'event' | 'guard' | 'action' | 'word' | 'note' | 'tag'

export interface TextSpan {
  readonly role: TextRole
  readonly text: string
}

export type Glyph = 'after' | 'always' | 'entry' | 'exit' | 'invoke' | 'spawn'

/** One line of text; a glyph stands before the first span. */
export interface TextLine {
  readonly glyph?: Glyph
  readonly spans: readonly TextSpan[]
  readonly width: number
}

export interface LabelText {
  readonly lines: readonly TextLine[]
  /** With the padding. */
  readonly width: number
  readonly height: number
  /** All of it, for whoever hovers over it or listens. */
  readonly full: string
}

/** A row inside a box: of the state itself, or a transition without target. */
export interface BoxRow {
  readonly edge?: string
  readonly lines: readonly TextLine[]
}

export interface BoxText {
  readonly name: string
  readonly rows: readonly BoxRow[]
  /** Of the strip with the name. */
  readonly stripHeight: number
  /** Strip and rows; what a compound state holds stands below. */
  readonly headHeight: number
  /** Of the widest of name and rows; with the padding. */
  readonly textWidth: number
  readonly width: number
}

/** Pixels. Sizes of type and paddings; the drawing uses the same. */
export const type: { readonly [role in TextRole]: Font } = {
  name: { size: 13, bold: true },
  event: { size: 11.5, bold: true },
  guard: { size: 11 },
  action: { size: 11 },
  word: { size: 11 },
  note: { size: 11 },
  tag: { size: 10 },
}
export const measure = {
  ...{ lineHeight: 15, glyphWidth: 15, spanGap: 4 },
  ...{ labelPadX: 8, labelPadY: 4, stackGap: 3 },
  ...{ boxPadX: 14, boxMinWidth: 84, stripHeight: 32, rowsPadY: 6, rowGap: 3 },
  ...{ labelMaxWidth: 244, rowMaxWidth: 250, nameMaxWidth: 260 },
  ...{ historyRadius: 12, initialDot: 4.5, initialRoom: 20, tagPadX: 6 },
} as const

/** Longest lists of a label or a row before they end in "+3". */
const actionLines = 4
const descriptionLines = 2
const eventLines = 2
const guardLines = 3

const roleGap = (before: TextRole | undefined) => (before === undefined ? 0 : measure.spanGap)

function line(spans: readonly TextSpan[], glyph?: Glyph): TextLine {
  let width = glyph === undefined ? 0 : measure.glyphWidth
  let before: TextRole | undefined
  for (const { role, text } of spans) {
    width += roleGap(before) + textWidth(text, type[role]) + (role === 'tag' ? measure.tagPadX * 2 : 0)
    before = role
  }
  return { ...(glyph !== undefined && { glyph }), spans, width: Math.ceil(width) }
}

function span(role: TextRole, text: string, maxWidth: number): TextSpan {
  return { role, text: cutToWidth(text, maxWidth, type[role]) }
}

/** The whole transition in one line, as XState's docs write it. */
export function edgeText(edge: ChartEdge): string {
  const guard = edge.guard === undefined ? '' : ` [${edge.guard}]`
  const actions = edge.actions.length === 0 ? '' : ` / ${edge.actions.join(', ')}`
  return `${edge.event}${guard}${actions}${isIgnored(edge) ? ' ignored' : ''}`
}

/** A forbidden transition, `HIT: {}`: the event is taken, so no outer state sees it, and nothing is done. */
export function isIgnored({ kind, targets, actions }: ChartEdge): boolean {
  return targets.length === 0 && actions.length === 0 && kind !== 'always' && kind !== 'after'
}

/** Event and guard on one line where they fit, then the actions. */
function edgeLines(edge: ChartEdge, maxWidth: number): TextLine[] {
  const glyph = edge.kind === 'after' || edge.event === 'always' ? (edge.kind as 'after' | 'always') : undefined
  const room = maxWidth - (glyph === undefined ? 0 : measure.glyphWidth)
  const events = wrapToWidth(edge.event, room, eventLines, type.event)
  const guards = edge.guard === undefined ? [] : wrapToWidth(`[${edge.guard}]`, room, guardLines, type.guard)
  const [event = edge.event, guard] = [events[0], guards[0]]
  const rest = isIgnored(edge) ? [line([{ role: 'word', text: 'ignored' }])] : actionList(edge.actions, maxWidth)
  const together = line(
    guard === undefined
      ? [{ role: 'event', text: event }]
      : [
          { role: 'event', text: event },
          { role: 'guard', text: guard },
        ],
    glyph,
  )
  if (events.length === 1 && guards.length < 2 && together.width <= maxWidth) return [together, ...rest]
  return [
    ...events.map((text, index) => line([{ role: 'event', text }], index === 0 ? glyph : undefined)),
    ...guards.map((text) => line([{ role: 'guard', text }])),
    ...rest,
  ]
}

function actionList(actions: readonly string[], maxWidth: number): TextLine[] {
  if (actions.length === 0) return []
  const together = line([{ role: 'action', text: `/ ${actions.join(', ')}` }])
  if (together.width <= maxWidth * 0.8) return [together]
  const shown = actions.length > actionLines ? actions.slice(0, actionLines - 1) : actions
  const lines = shown.map((action) => line([span('action', `/ ${action}`, maxWidth)]))
  const left = actions.length - shown.length
  return left === 0 ? lines : [...lines, line([{ role: 'action', text: `+ ${left} more` }])]
}

export function labelOf(edge: ChartEdge): LabelText {
  const lines = edgeLines(edge, measure.labelMaxWidth)
  return {
    lines,
    width: Math.max(...lines.map(({ width }) => width)) + 2 * measure.labelPadX,
    height: lines.length * measure.lineHeight + 2 * measure.labelPadY,
    full: edgeText(edge),
  }
}

/** In the box of its state, where it is a transition without target: one line where that is enough. */
export function stayingLines(edge: ChartEdge): TextLine[] {
  const lines = edgeLines(edge, measure.rowMaxWidth)
  const [first] = lines
  const together = line(
    lines.flatMap(({ spans }) => spans),
    first?.glyph,
  )
  return together.width <= measure.rowMaxWidth ? [together] : lines
}

export const lineText = ({ spans }: TextLine): string => spans.map(({ text }) => text).join(' ')

/** Of a state: its name, what it does, and the transitions that leave it where it is. */
export function boxTextOf(node: ChartNode, staying: readonly ChartEdge[]): BoxText {
  const name = cutToWidth(node.key, measure.nameMaxWidth, type.name)
  const rows: BoxRow[] = [
    ...descriptionRows(node),
    ...listed('entry', 'entry', node.entry),
    ...listed('exit', 'exit', node.exit),
    ...listed('invoke', 'invoke', node.invokes.map(invokeName)),
    ...listed('spawn', 'spawn', node.spawns),
    ...staying.map((edge) => ({ edge: edge.id, lines: stayingLines(edge) })),
    ...tagRows(node.tags),
  ]
  const widths = rows.flatMap(({ lines }) => lines.map(({ width }) => width))
  const inner = Math.ceil(Math.max(textWidth(name, type.name), ...widths))
  const rowsHeight = rows.length === 0 ? 0 : rowsOffset(rows, rows.length) - measure.rowGap + 2 * measure.rowsPadY
  return {
    ...{ name, rows, stripHeight: measure.stripHeight, headHeight: measure.stripHeight + rowsHeight },
    ...{ textWidth: inner, width: Math.max(measure.boxMinWidth, inner + 2 * measure.boxPadX) },
  }
}

/** Height of the first rows, each with the gap below it. */
export function rowsOffset(rows: readonly BoxRow[], count: number): number {
  return rows.slice(0, count).reduce((sum, { lines }) => sum + lines.length * measure.lineHeight + measure.rowGap, 0)
}

function invokeName({ id, src }: ChartNode['invokes'][number]): string {
  // XState makes an id of the state's own where none is given, which tells nobody anything.
  return id === src || id === '' || /^\d+\./.test(id) ? src : `${src} as ${id}`
}

function listed(glyph: Glyph, word: string, names: readonly string[]): BoxRow[] {
  return names.map((name) => ({
    lines: [line([{ role: 'word', text: word }, span('action', name, measure.rowMaxWidth)], glyph)],
  }))
}

function descriptionRows({ description }: ChartNode): BoxRow[] {
  if (description === undefined || description.trim() === '') return []
  const lines = wrapToWidth(description, measure.rowMaxWidth, descriptionLines, type.note)
  return [{ lines: lines.map((text) => line([{ role: 'note', text }])) }]
}

function tagRows(tags: readonly string[]): BoxRow[] {
  const rows: BoxRow[] = []
  let spans: TextSpan[] = []
  for (const tag of tags) {
    const next = span('tag', tag, measure.rowMaxWidth - 2 * measure.tagPadX)
    if (spans.length > 0 && line([...spans, next]).width > measure.rowMaxWidth) {
      rows.push({ lines: [line(spans)] })
      spans = []
    }
    spans.push(next)
  }
  return spans.length === 0 ? rows : [...rows, { lines: [line(spans)] }]
}

/** Transitions that stay where they are, by the id of their state: written in its box. */
export function stayingEdges(chart: Chart): Map<string, ChartEdge[]> {
  const found = new Map<string, ChartEdge[]>()
  for (const edge of chart.edges) {
    if (edge.targets.length > 0) continue
    const list = found.get(edge.source)
    if (list === undefined) found.set(edge.source, [edge])
    else list.push(edge)
  }
  return found
}

/** Every node of a chart, parents first. */
export function nodesOf(chart: Chart): ChartNode[] {
  const all: ChartNode[] = []
  const visit = (node: ChartNode) => {
    all.push(node)
    node.children.forEach(visit)
  }
  visit(chart.root)
  return all
}
