import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { Canvas } from './canvas.ts'

interface Label {
  text: string
  width: number
}

export default defineKernel({
  start(ctx: KernelContext<{ rendered: number }, { canvases?: number }>) {
    const { canvases = 4 } = ctx.config
    const pool = Array.from({ length: canvases }, () => new Canvas())
    let rendered = ctx.restored?.rendered ?? 0
    let cells = 0

    return {
      api: {
        render({ text, width }: Label): string {
          const canvas = pool.pop() as Canvas
          canvas.clear(width)
          const picture = canvas.centre(text)
          cells += canvas.cells
          rendered += 1
          pool.push(canvas)
          return picture
        },
        free: () => pool.length,
        stats: () => ({ rendered, cells }),
      },
      snapshot: () => ({ rendered }),
    }
  },
})
