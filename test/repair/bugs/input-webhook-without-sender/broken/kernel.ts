import { defineKernel, type KernelContext } from 'lazaret/kernel'

interface Delivery {
  id: string
  kind: 'push' | 'ping' | 'release'
  ref?: string
  tag?: string
  sender: { login: string; bot?: boolean }
  commits?: { sha: string; files: string[] }[]
}
interface Summary {
  pushes: number
  pings: number
  releases: string[]
  byLogin: Record<string, number>
}

const branchOf = (ref = '') => ref.replace(/^refs\/heads\//, '')

export default defineKernel({
  start(ctx: KernelContext<{ seen: string[]; summary: Summary }>) {
    const seen = new Set(ctx.restored?.seen)
    const summary: Summary = ctx.restored?.summary ?? { pushes: 0, pings: 0, releases: [], byLogin: {} }

    function describe({ kind, ref, tag, sender, commits = [] }: Delivery): string {
      const who = sender.bot === true ? `${sender.login} (bot)` : sender.login
      if (kind === 'ping') return `${who} said hello`
      if (kind === 'release') return `${who} released ${tag}`
      const files = new Set(commits.flatMap((commit) => commit.files))
      return `${who} pushed ${commits.length} commits to ${branchOf(ref)}, ${files.size} files`
    }

    return {
      api: {
        /** Null for a delivery that came before. */
        receive(delivery: Delivery): string | null {
          if (seen.has(delivery.id)) return null
          const text = describe(delivery)
          seen.add(delivery.id)
          if (delivery.kind === 'push') summary.pushes += 1
          if (delivery.kind === 'ping') summary.pings += 1
          if (delivery.kind === 'release' && delivery.tag !== undefined) summary.releases.push(delivery.tag)
          const { login } = delivery.sender
          summary.byLogin[login] = (summary.byLogin[login] ?? 0) + 1
          return text
        },
        summary: () => summary,
      },
      snapshot: () => ({ seen: [...seen], summary }),
    }
  },
})
