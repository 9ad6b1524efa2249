import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { type Entry, fromRow, type Row } from './rows.ts'

export default defineKernel({
  start(ctx: KernelContext<Entry[]>) {
    const entries = new Map((ctx.restored ?? []).map((entry) => [entry.id, entry]))
    const of = (account: string) => [...entries.values()].filter((entry) => entry.account === account)

    return {
      api: {
        load(rows: Row[]): number {
          for (const row of rows) entries.set(row.id, fromRow(row))
          return entries.size
        },
        accounts: () => [...new Set([...entries.values()].map(({ account }) => account))].sort(),
        statement: (account: string): string[] => of(account).map(({ id, amount, note }) => `#${id} ${amount.toFixed(2)} ${note}`.trimEnd()),
        balance: (): Record<string, number> =>
          Object.fromEntries(
            [...Map.groupBy(entries.values(), ({ account }) => account)].map(([account, own]) => [
              account,
              Math.round(own.reduce((sum, { amount }) => sum + amount, 0) * 100) / 100,
            ]),
          ),
      },
      snapshot: () => [...entries.values()],
    }
  },
})
