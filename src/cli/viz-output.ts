/** Which format is asked for, the machine in that format, and where it goes. */
import { statSync } from 'node:fs'
import { dirname, extname, resolve } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { LazaretError } from '../base/errors.ts'
import type { Chart, ChartLayout } from '../chart/model.ts'
import type { ChartTheme } from '../chart/svg-style.ts'

export const vizFormats = ['svg', 'png', 'html', 'mermaid', 'dot'] as const
export type VizFormat = (typeof vizFormats)[number]
export const vizThemes = ['auto', 'light', 'dark'] as const satisfies readonly ChartTheme[]

const byExtension: Readonly<Record<string, VizFormat>> = {
  ...{ '.svg': 'svg', '.png': 'png', '.html': 'html', '.htm': 'html' },
  ...{ '.mmd': 'mermaid', '.mermaid': 'mermaid', '.dot': 'dot', '.gv': 'dot' },
}

export interface VizOptions {
  readonly export?: string
  readonly format?: string
  readonly out?: string
  readonly theme?: string
  readonly json?: true
}

export interface VizPlan {
  readonly format: VizFormat
  readonly theme: ChartTheme
  /** Absolute path; undefined: stdout. */
  readonly out: string | undefined
}

/** @throws LazaretError OPTION_INVALID. */
export function planOf({ format, out, theme }: VizOptions): VizPlan {
  const chosen = format === undefined ? formatFor(out) : oneOf(vizFormats, format, '--format')
  if (theme !== undefined && (chosen === 'mermaid' || chosen === 'dot')) {
    throw new LazaretError(
      'OPTION_INVALID',
      `--theme has no meaning for ${chosen}: whoever draws that chooses its colours`,
      {
        hint: 'Leave it out, or take --format svg, png or html.',
      },
    )
  }
  return {
    format: chosen,
    theme: theme === undefined ? 'auto' : oneOf(vizThemes, theme, '--theme'),
    out: out === undefined ? undefined : resolve(out),
  }
}

function formatFor(out: string | undefined): VizFormat {
  if (out === undefined) return 'svg'
  const found = byExtension[extname(out).toLowerCase()]
  if (found !== undefined) return found
  throw new LazaretError('OPTION_INVALID', `the name of ${out} does not say what to write`, {
    hint: `Add --format (${vizFormats.join(', ')}), or an extension: ${Object.keys(byExtension).join(', ')}`,
  })
}

function oneOf<T extends string>(accepted: readonly T[], given: string, option: string): T {
  const found = accepted.find((one) => one === given)
  if (found !== undefined) return found
  throw new LazaretError('OPTION_INVALID', `${option} is not one of ${accepted.join(', ')}. Got: ${given}`)
}

/** Before anything is imported or laid out for it. @throws LazaretError OPTION_INVALID. */
export function mustBeWritable(out: string): void {
  const refuse = (why: string, hint: string) => new LazaretError('OPTION_INVALID', `${out} ${why}`, { hint })
  const there = statSync(out, { throwIfNoEntry: false })
  if (there?.isDirectory()) throw refuse('is a folder', 'Name a file in it, as in --out chart.svg')
  if (there !== undefined && !there.isFile())
    throw refuse('is no ordinary file', 'Leave --out away to write to stdout.')
  const folder = dirname(out)
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw refuse('cannot be written: its folder is not there', `Make it first: mkdir -p ${folder}`)
  }
}

/** What is drawn: text, or the bytes of a PNG. `remark` is for whoever waits for it. */
export interface Drawn {
  readonly content: string | Uint8Array
  readonly remark?: string
}

/** @param layout asked for only where the format needs one. Each format is loaded when it is wanted. */
export async function drawn(
  chart: Chart,
  layout: () => Promise<ChartLayout>,
  { format, theme }: VizPlan,
): Promise<Drawn> {
  switch (format) {
    case 'mermaid':
      return { content: (await import('../chart/mermaid.ts')).chartMermaid(chart) }
    case 'dot':
      return { content: (await import('../chart/dot.ts')).chartDot(chart) }
    case 'html':
      return { content: (await import('../chart/html.ts')).chartHtml(chart, await layout(), { theme }) }
    case 'png':
      return drawnPng(chart, await layout(), theme)
    case 'svg':
      return { content: `${(await import('../chart/svg.ts')).chartSvg(chart, await layout(), { theme })}\n` }
  }
}

async function drawnPng(chart: Chart, layout: ChartLayout, theme: ChartTheme): Promise<Drawn> {
  const [{ chartPng }, { chartSvg }] = await Promise.all([import('../chart/png.ts'), import('../chart/svg.ts')])
  // A picture of pixels cannot follow its reader.
  const { bytes, scale } = chartPng(chartSvg(chart, layout, { theme: theme === 'auto' ? 'light' : theme }))
  const isSmaller = scale < 2
  return {
    content: bytes,
    ...(isSmaller && {
      remark: `At full size it would be too large: it is drawn at ${scale.toFixed(2)} instead of 2.`,
    }),
  }
}

/** The file is there as a whole, or as it was. @throws LazaretError OPTION_INVALID, with what the system says. */
export async function writeOut(out: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFileAtomic(out, typeof content === 'string' ? content : Buffer.from(content))
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    throw new LazaretError('OPTION_INVALID', `${out} could not be written: ${why}`, {
      hint: 'Name a file in a folder that you may write to.',
      cause: thrown,
    })
  }
}
