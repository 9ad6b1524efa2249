import { defineKernel, type KernelContext } from 'lazaret/kernel'

interface Plan {
  monthlyCents: number
  seats: number
}
interface BillingConfig {
  plans: Record<string, Plan>
  defaultPlan: string
}
type Tenants = Record<string, string>

/** Twelve months for the price of ten. */
const monthsCharged = (months: number) => months - 2 * Math.floor(months / 12)

export default defineKernel({
  start(ctx: KernelContext<Tenants, BillingConfig>) {
    const { plans, defaultPlan } = ctx.config
    const tenants: Tenants = { ...ctx.restored }

    function planOf(tenant: string): Plan {
      const name = tenants[tenant]
      if (name === undefined) throw new Error(`${tenant} is no tenant`)
      return plans[name] as Plan
    }

    return {
      api: {
        join(tenant: string, plan?: string) {
          if (plan !== undefined && plans[plan] === undefined) throw new RangeError(`there is no plan ${plan}`)
          tenants[tenant] = plan ?? defaultPlan
          return tenants[tenant]
        },
        bill(tenant: string, months: number) {
          const { monthlyCents } = planOf(tenant)
          return { tenant, months, cents: monthlyCents * monthsCharged(months) }
        },
        seatsLeft(tenant: string, taken: number): number {
          return Math.max(0, planOf(tenant).seats - taken)
        },
        tenants: () => Object.entries(tenants).map(([tenant, plan]) => `${tenant}: ${plan}`),
      },
      snapshot: () => tenants,
    }
  },
})
