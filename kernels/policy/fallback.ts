/**
 * What answers for the policy while it is away: only what stands in `config.always` is allowed. It shares no line with
 * the kernel, because what is wrong there must not be wrong here, and it forgets what was granted: a rule that cannot
 * be looked up is no permission. A mistake in `config.always` allows less, never more.
 */
import { defineKernel, type KernelContext } from 'lazaret/kernel'

interface Always {
  id: string
  who: string
  action: string
  what: string
}

const covers = (pattern: unknown, text: unknown): boolean =>
  typeof pattern === 'string' &&
  typeof text === 'string' &&
  (pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : pattern === text)

function away(method: string): never {
  const message = `The policy is out of service, and its rules cannot be changed meanwhile (${method}): try again later.`
  throw Object.assign(new Error(message), { code: 'POLICY_AWAY' })
}

export default defineKernel({
  start(ctx: KernelContext<unknown, { always?: Always[] }>) {
    const always = Array.isArray(ctx.config.always) ? ctx.config.always : []
    const explain = (who: string, action: string, what: string): { allowed: boolean; rule: string | null } => {
      const rule = always.find(
        (each) => covers(each?.who, who) && covers(each?.action, action) && covers(each?.what, what),
      )
      return { allowed: rule !== undefined, rule: rule?.id ?? null }
    }
    return {
      api: {
        allowed: (who: string, action: string, what: string): boolean => explain(who, action, what).allowed,
        explain,
        grant: (): never => away('grant'),
        revoke: (): never => away('revoke'),
        rules: () => always.map((rule) => ({ ...rule, effect: 'allow' as const, from: 'always' as const })),
      },
    }
  },
})
