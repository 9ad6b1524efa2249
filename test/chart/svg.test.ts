import { Resvg } from '@resvg/resvg-js'
import { expect, test } from 'vitest'
import { createMachine } from 'xstate'
import { chartOf } from '../../src/chart/from-machine.ts'
import { layoutChart } from '../../src/chart/layout.ts'
import { type ChartSvgOptions, chartSvg } from '../../src/chart/svg.ts'
import { chartColours, embeddedStyle, fileStyle } from '../../src/chart/svg-style.ts'

const hostile = `<script>alert("1")</script>&'`
const machine = createMachine({
  id: 'm',
  initial: 'a',
  states: {
    a: {
      entry: 'prepare',
      tags: ['calm'],
      on: { GO: { target: 'b', guard: 'mayGo', actions: 'note' }, STAY: { actions: 'count' }, [hostile]: 'b' },
      after: { 1000: 'b' },
    },
    b: { type: 'parallel', states: { c: {}, d: { initial: 'e', states: { e: {}, f: { type: 'final' } } } } },
    [hostile]: { description: hostile },
    h: { type: 'history', history: 'deep' },
  },
})
const chart = chartOf(machine)
const layout = await layoutChart(chart)
const drawn = (options?: ChartSvgOptions) => chartSvg(chart, layout, options)
const unescaped = (text: string) =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
const ids = (svg: string, kind: 'node' | 'edge') =>
  [...svg.matchAll(new RegExp(`data-${kind}="([^"]*)"`, 'g'))].map(([, id = '']) => unescaped(id)).sort()

test('every state and every transition is there once, by its id', () => {
  const svg = drawn()
  expect(ids(svg, 'node')).toEqual(Object.keys(layout.nodes).sort())
  expect(ids(svg, 'edge')).toEqual(chart.edges.map(({ id }) => id).sort())
})

test('names of the machine are text, whatever is in them; nothing acts and nothing is asked for', () => {
  const svg = drawn({ title: hostile })
  expect(svg).not.toContain('<script')
  expect(svg).not.toMatch(/\s(?:on\w+|href|style)=/)
  expect(svg).not.toMatch(/url\(|@import|https?:\/\/(?!www\.w3\.org\/2000\/svg")/)
  expect(svg).toContain('aria-label="&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;"')
  const odd = { ...chart, id: 'a\u0000b\ud800' }
  expect(chartSvg(odd, layout)).toContain('aria-label="a\ufffdb\ufffd"')
})

test('it has a name and a description for whoever does not see it', () => {
  const svg = drawn()
  expect(svg).toMatch(/^<svg [^>]*role="img"/)
  expect(svg).toContain('<title>m</title>')
  expect(svg).toContain(`<desc>A statechart of 8 states and ${chart.edges.length} transitions.</desc>`)
  expect(svg).toContain('<title>GO [mayGo] / note</title>')
})

test('an event that is forbidden is said to be ignored; a delay that does nothing is not', async () => {
  const quiet = chartOf(
    createMachine({
      ...{ id: 'm', initial: 'a' },
      states: { a: { on: { HIT: {}, 'mouse.*': { guard: 'g' }, TAP: { actions: 'x' } }, after: { 5: {} } } },
    }),
  )
  const svg = chartSvg(quiet, await layoutChart(quiet))
  expect([...svg.matchAll(/<title>([^<]*)<\/title>/g)].map(([, title]) => title)).toEqual(
    expect.arrayContaining(['HIT ignored', 'mouse.* [g] ignored', 'TAP / x', 'after 5 ms']),
  )
  expect(svg.match(/>ignored</g)).toHaveLength(2)
})

test('what is active and traced is lit', () => {
  const [edge] = chart.edges
  const svg = drawn({ active: ['m.a'], traced: [edge?.id ?? '', 'm.b'] })
  expect(svg).toMatch(/class="node atomic active" data-node="m\.a"/)
  expect(svg).toMatch(/class="node parallel traced" data-node="m\.b"/)
  expect(svg.match(/class="edge [^"]*traced"/g)).toHaveLength(1)
})

test('a file brings its colours, by the theme; a page brings its own', () => {
  expect(drawn({ theme: 'light' })).toContain(chartColours.light.ground)
  expect(drawn({ theme: 'light' })).not.toContain('@media')
  expect(drawn({ theme: 'dark' })).toContain(chartColours.dark.ground)
  expect(drawn()).toContain('@media (prefers-color-scheme: dark)')
  expect(drawn({ embed: true })).not.toMatch(/<style|class="ground"/)
  expect(fileStyle('light')).not.toContain('var(')
  for (const name of Object.keys(chartColours.light).filter((name) => !name.endsWith('ground')))
    expect(embeddedStyle(), name).toContain(`var(--chart-${name})`)
})

test.each(['light', 'dark'] as const)('texts have a contrast of 4.5 and more on what they stand on: %s', (theme) => {
  const c = chartColours[theme]
  const grounds = [c.ground, c.root, c.region, c.state, c.strip, c['accent-ground']]
  const pills = [c.pill, c['traced-ground'], c['last-ground'], c['accent-ground'], c.state, c.region, c.root]
  for (const ground of grounds) expect(contrast(c.text, ground), `text on ${ground}`).toBeGreaterThanOrEqual(4.5)
  for (const ground of [...pills, c.chip])
    expect(contrast(c.quiet, ground), `quiet on ${ground}`).toBeGreaterThanOrEqual(4.5)
  for (const ground of pills) expect(contrast(c.event, ground), `event on ${ground}`).toBeGreaterThanOrEqual(4.5)
  // Lines and lit borders carry meaning: 3 and more.
  for (const line of [c.line, c.accent, c.traced, c.last])
    for (const ground of [c.root, c.region])
      expect(contrast(line, ground), `${line} on ${ground}`).toBeGreaterThanOrEqual(3)
})

function contrast(a: string, b: string): number {
  const [lighter = 0, darker = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (lighter + 0.05) / (darker + 0.05)
}

function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

test('what turns it into a PNG knows its colours', () => {
  const image = new Resvg(drawn({ theme: 'dark' })).render()
  const [red, green, blue] = image.pixels
  expect([image.width, image.height]).toEqual([layout.width, layout.height])
  expect(`#${[red, green, blue].map((part) => part?.toString(16).padStart(2, '0')).join('')}`).toBe(
    chartColours.dark.ground,
  )
})
