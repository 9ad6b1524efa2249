import { createHash } from 'node:crypto'
import { Script } from 'node:vm'
import { expect, test } from 'vitest'
import { createMachine } from 'xstate'
import { LazaretError } from '../../src/base/errors.ts'
import { limits } from '../../src/base/limits.ts'
import { chartDot } from '../../src/chart/dot.ts'
import { chartOf } from '../../src/chart/from-machine.ts'
import { chartHtml } from '../../src/chart/html.ts'
import { layoutChart } from '../../src/chart/layout.ts'
import { chartMermaid } from '../../src/chart/mermaid.ts'
import { chartPng, fittingScale } from '../../src/chart/png.ts'
import { chartSvg } from '../../src/chart/svg.ts'
import { twelveMachines } from '../viz/machines.ts'
import { generatedMachine } from './generated.ts'

const small = chartOf(
  createMachine({
    id: 'small',
    initial: 'off',
    states: {
      off: {
        entry: 'dim',
        on: { PRESS: { guard: 'charged', target: 'on', actions: 'click' }, TAP: { actions: 'blink' } },
      },
      on: {
        type: 'parallel',
        description: 'Both.',
        states: { lamp: { initial: 'low', states: { low: {}, back: { type: 'history', history: 'deep' } } }, fan: {} },
        on: { PRESS: 'off', LOW: '.lamp.low' },
      },
      end: { type: 'final' },
    },
  }),
)

/** Every name of it is made to break out of where it is written. */
const hostile = '</script><img src=x onerror=alert(1)> "];\n--\nend note } -->\u0000#quot; & \\ `x`'
const hostileChart = chartOf(
  createMachine({
    id: hostile,
    description: hostile,
    initial: 'a',
    states: {
      a: {
        id: `${hostile}a`,
        ...{ description: hostile, tags: [hostile], entry: hostile, invoke: { src: hostile, id: hostile } },
        on: { [hostile]: { target: 'b', guard: hostile, actions: hostile, description: hostile } },
      },
      b: { id: `${hostile}b`, initial: hostile, states: { [hostile]: {} } },
    },
  } as never),
)

test('a chart as Mermaid: nested, parallel, history, ends, and what stays as a line or a note', () => {
  expect(chartMermaid(small)).toBe(`---
config:
  layout: dagre
---
stateDiagram-v2
  direction TB
  [*] --> s_small_off
  state "off" as s_small_off
  s_small_off : entry / dim
  s_small_off : TAP / blink
  state "on" as s_small_on {
    state "lamp" as s_small_on_lamp {
      [*] --> s_small_on_lamp_low
      state "low" as s_small_on_lamp_low
      state "H#42;" as s_small_on_lamp_back
    }
    --
    state "fan" as s_small_on_fan
  }
  state "end" as s_small_end
  s_small_end --> [*]
  s_small_off --> s_small_on : PRESS #91;charged#93; / click
  s_small_on --> s_small_off : PRESS
  s_small_on --> s_small_on_lamp_low : LOW
  note right of s_small_on_lamp_back
    back#58; deep history
  end note
  note right of s_small_on
    Both.
  end note
`)
})

test('no text of a machine can end a line of Mermaid, or be one of its signs', () => {
  const lines = chartMermaid(hostileChart).trimEnd().split('\n')
  const shapes = [
    /^(?:---|config:| {2}layout: dagre|stateDiagram-v2| {2}direction TB)$/,
    /^ *\[\*\] --> s_\w+$/,
    /^ *state "(?:[^#"<>{}\\`&;:[\]-]|#\d+;)*" as s_\w+(?: \{)?$/,
    /^ *s_\w+ : (?:[^#"<>{}\\`&;:[\]-]|#\d+;)*$/,
    /^ *s_\w+ --> s_\w+ : (?:[^#"<>{}\\`&;:[\]-]|#\d+;)*$/,
    /^ *(?:\}|note right of s_\w+|end note)$/,
    /^ {4}(?:[^#"<>{}\\`&;:[\]-]|#\d+;)*$/,
  ]
  expect(lines.filter((line) => !shapes.some((shape) => shape.test(line)))).toEqual([])
})

test('a chart as DOT: clusters, arrows cut at their border, a point where each begins', () => {
  const text = chartDot(small)
  expect(text).toContain('subgraph cluster_s_small_on {')
  expect(text).toContain('s_small_off -> s_small_on [label=" PRESS [charged] / click ", lhead=cluster_s_small_on]')
  expect(text).toContain('s_small_on -> s_small_off [label=" PRESS ", ltail=cluster_s_small_on]')
  // An arrow to what lies inside cannot be cut at the border of what lies around it.
  expect(text).toContain('s_small_on -> s_small_on_lamp_low [label=" LOW "]')
  expect(text).toContain('shape=circle, width=0.35, fixedsize=true, label="H*"')
  expect(text).toContain('peripheries=2')
  expect(text).toContain('<b>off</b><br/><font point-size="10">entry / dim</font><br align="left"/>')
})

test('no text of a machine can end a string or a label of DOT', () => {
  const text = chartDot(hostileChart)
  const withoutStrings = text.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/label=<.*>(?=[\]\n,])/g, 'label=<>')
  expect(withoutStrings).toMatch(/^[\w\s{}[\]=,.<>"-]*$/)
  expect(text).not.toContain('\u0000')
  expect(withoutStrings).not.toContain('<img')
})

test('each of the twelve and of 40 generated machines gives as many arrows as it has', () => {
  const machines = [
    ...Object.values(twelveMachines),
    ...Array.from({ length: 40 }, (_, seed) => generatedMachine(seed)),
  ]
  for (const machine of machines) {
    const chart = chartOf(machine)
    const arrows = chart.edges.reduce((sum, { targets }) => sum + targets.length, 0)
    const labelled = chartMermaid(chart).match(/^ {2}s_\w+ --> s_\w+ : /gm) ?? []
    expect(labelled.length).toBe(arrows)
    expect(chartDot(chart).match(/^ {2}s_\w+ -> s_\w+ \[label="/gm)?.length ?? 0).toBe(arrows)
  }
})

test('the HTML export asks for nothing, and runs no script but its own', async () => {
  const html = chartHtml(hostileChart, await layoutChart(hostileChart))
  expect(html.match(/<script/g)).toHaveLength(2)
  expect(html.match(/<\/script>/g)).toHaveLength(2)
  expect(html).not.toContain('<img')
  const outside = html.match(/\bhttps?:\/\/[^"' ]+/g) ?? []
  expect(new Set(outside)).toEqual(new Set(['http://www.w3.org/2000/svg']))
  expect(html).not.toMatch(/\s(?:src|href|style|on\w+)="/)
  const script = /<script>([\s\S]*)<\/script>/.exec(html)?.[1] ?? ''
  expect(() => new Script(script)).not.toThrow()
  const hash = createHash('sha256').update(script).digest('base64')
  expect(html).toContain(`script-src 'sha256-${hash}'`)
  const data = /id="chart-data">(.*)<\/script>/.exec(html)?.[1] ?? ''
  expect(JSON.parse(data)).toEqual(JSON.parse(JSON.stringify(hostileChart)))
})

test('the HTML export opens in the theme that is asked for, and its switch shows it', async () => {
  const layout = await layoutChart(small)
  expect(chartHtml(small, layout)).toContain('<html lang="en">')
  const dark = chartHtml(small, layout, { theme: 'dark' })
  expect(dark).toContain('<html lang="en" data-theme="dark">')
  expect(dark).toContain('data-choose-theme="dark" aria-pressed="true"')
})

test('a PNG is twice the size of its SVG, or says which font is missing', () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><text y="15">Hi</text></svg>'
  try {
    const { bytes, scale } = chartPng(svg)
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    expect([view.getUint32(0), view.getUint32(16), view.getUint32(20), scale]).toEqual([0x89504e47, 60, 40, 2])
  } catch (thrown) {
    if (!(thrown instanceof LazaretError)) throw thrown
    expect(thrown.code).toBe('FONT_MISSING')
    expect(thrown.hint).toContain('fonts-dejavu-core')
  }
})

test('a picture too large for memory is drawn smaller', () => {
  const most = limits.chartPngPixels
  expect(fittingScale(most / 4, 1, 2)).toBe(2)
  expect(fittingScale(most, 1, 2)).toBe(1)
  expect(fittingScale(most * 4, 1, 2)).toBe(0.5)
})

test('a name that turns the direction of writing round turns nothing round, in any format', async () => {
  const turned = chartOf(
    createMachine({
      ...{ id: '\u202eevil', initial: 'a\u2066b' },
      states: { 'a\u2066b': { tags: ['\u202dtag'], on: { '\u202eGO': { actions: '\u202bx' } } } },
    }),
  )
  const svg = chartSvg(turned, await layoutChart(turned))
  const read = [...svg.matchAll(/>([^<]+)</g)].map(([, text]) => text).join()
  expect([read, chartDot(turned), chartMermaid(turned)].join()).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/)
  expect(read).toContain('\ufffdevil')
  // What it is known by stays what it is.
  expect(svg).toContain('data-node="\u202eevil"')
  expect(chartHtml(turned, await layoutChart(turned))).toContain('<h1>\ufffdevil</h1>')
})
