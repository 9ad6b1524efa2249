import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { euros, type Line, sumOf } from './lines.ts'

interface InvoiceConfig {
  seller: string
  taxPercent: number
}
interface Draft {
  id: string
  lines: Line[]
}

export default defineKernel({
  start(ctx: KernelContext<Draft[], InvoiceConfig>) {
    const { seller, taxPercent } = ctx.config
    const drafts = new Map((ctx.restored ?? []).map((draft) => [draft.id, draft]))

    const total = (lines: Line[]) => {
      const net = sumOf(lines)
      const tax = Math.round((net * taxPercent) / 100)
      return { net, tax, gross: net + tax }
    }

    return {
      api: {
        total,
        draft(id: string, lines: Line[]) {
          if (drafts.has(id)) throw new Error(`invoice ${id} exists`)
          drafts.set(id, { id, lines })
          return { id, ...total(lines) }
        },
        print(id: string): string {
          const draft = drafts.get(id)
          if (draft === undefined) throw new Error(`there is no invoice ${id}`)
          const { net, tax, gross } = total(draft.lines)
          const rows = draft.lines.map(({ name, cents, count }) => `${count} x ${name} ${euros(cents * count)}`)
          const rate = `${taxPercent.toFixed(1)} %`
          return [`${seller}, invoice ${id}`, ...rows, `net ${euros(net)}`, `tax ${rate} ${euros(tax)}`, `total ${euros(gross)}`].join('\n')
        },
        drafts: () => [...drafts.keys()],
      },
      snapshot: () => [...drafts.values()],
    }
  },
})
