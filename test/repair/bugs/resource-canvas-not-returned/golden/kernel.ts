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

    return {
      api: {
        render({ text, width }: Label): string {
          const canvas = pool.pop() as Canvas
          try {
            canvas.clear(width)
            const picture = canvas.centre(text)
            rendered += 1
            return picture
          } finally {
            pool.push(canvas)
          }
        },
        free: () => pool.length,
        stats: () => ({ rendered }),
      },
      snapshot: () => ({ rendered }),
    }
  },
})
