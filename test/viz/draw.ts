/** Draws the twelve machines anew, after a change of the drawing: node test/viz/draw.ts. Then look at them. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chartOf } from '../../src/chart/from-machine.ts'
import { layoutChart } from '../../src/chart/layout.ts'
import { chartSvg } from '../../src/chart/svg.ts'
import { twelveMachines } from './machines.ts'

export function pictureFile(name: string): string {
  return fileURLToPath(new URL(`./${name}.svg`, import.meta.url))
}

/** As `lazaret viz` writes it. */
export async function pictureOf(machine: unknown): Promise<string> {
  const chart = chartOf(machine)
  return `${chartSvg(chart, await layoutChart(chart))}\n`
}

if (import.meta.main) {
  for (const [name, machine] of Object.entries(twelveMachines)) {
    const begun = performance.now()
    writeFileSync(pictureFile(name), await pictureOf(machine))
    console.log(`${name}.svg, ${Math.round(performance.now() - begun)} ms`)
  }
}
