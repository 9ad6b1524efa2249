/** A kernel that is broken from its first start and parked for a person, with the task that asks for its repair. */
import type { KernelInput } from '../../src/index.ts'
import { makePatch } from '../../src/repair/patch.ts'
import { climb, fast, type Ladder, type LadderOptions } from '../five-steps/ladder.ts'

export const pricedKernel = `import { defineKernel } from 'lazaret/kernel'
import { rateOf } from './rate.ts'

export default defineKernel({
  start(ctx) {
    let orders = 0
    return {
      api: {
        price(order) {
          orders += 1
          ctx.log.info('priced', { password: 'hunter2', note: order.note })
          return order.items.length * rateOf(ctx.config)
        },
        orders: () => orders,
      },
    }
  },
})
`
export const brokenRate = `export function rateOf(config) {
  return config.ratse.plain
}
`
export const mendedRate = brokenRate.replace('ratse', 'rates')
export const rateDiff = makePatch('rate.ts', brokenRate, mendedRate)
/** Does not crash, and prices wrongly. */
export const wrongDiff = makePatch('rate.ts', brokenRate, brokenRate.replace('config.ratse.plain', '0'))
const check = `import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async (kernel) => {
  if ((await kernel.ask.price({ items: [1, 2] })) !== 14) throw new Error('the price is wrong')
})
`
export const checkDiff = makePatch('check.ts', check, check.replace('!== 14', '=== 14'))

type Autonomy = NonNullable<NonNullable<KernelInput['repair']>['autonomy']>

export interface Parked extends AsyncDisposable {
  readonly ladder: Ladder
  readonly task: string
  readonly incident: string
}

/** @param autonomy once it is parked: before that nothing is tried. */
export async function parked(autonomy: Autonomy = 'observe', options: Partial<LadderOptions> = {}): Promise<Parked> {
  const kernel = { id: 'prices', ...fast, config: { rates: { plain: 7 } }, restart: { ...fast.restart, max: 1 } }
  const ladder = await climb({
    kernels: [{ ...kernel, repair: { autonomy: 'observe' } }],
    files: { 'kernel.ts': pricedKernel, 'rate.ts': brokenRate, 'check.ts': check },
    ...options,
  })
  const down = ladder.until('kernel.parked')
  const { ask } = ladder.runtime.ref('prices').with({ deadlineMs: 2000 })
  for (const note of ['first', 'second']) await ask.price?.({ items: [note], note }).catch(() => 'crashed')
  await down
  const [task] = ladder.runtime.journal.tasks({ status: 'open' })
  if (task === undefined) throw new Error('there is no task')
  // The fleet is an object here, which no command reads anew.
  const spec = ladder.runtime.fleet.kernels.find(({ id }) => id === 'prices')
  if (spec !== undefined) Object.assign(spec.repair, { autonomy })
  const { id, incident } = task
  return { ladder, task: id, incident, [Symbol.asyncDispose]: () => ladder[Symbol.asyncDispose]() }
}
