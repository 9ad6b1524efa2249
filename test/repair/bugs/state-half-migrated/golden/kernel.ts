/** Customers and where they live. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'

interface Address {
  street: string
  zip: string
  city: string
}
interface Customer {
  id: string
  name: string
  address: Address
}
interface CustomersState {
  version: 2
  customers: Customer[]
}

const kernel = defineKernel({
  start(ctx: KernelContext<CustomersState>) {
    const { version, customers: stored } = ctx.restored ?? { version: 2, customers: [] }
    if (version !== 2) throw new Error(`The customers are of version ${version}; run the migration first.`)
    const customers = new Map(stored.map((customer) => [customer.id, customer]))

    function need(id: string): Customer {
      const customer = customers.get(id)
      if (customer === undefined) throw new Error(`There is no customer ${id}.`)
      return customer
    }
    return {
      api: {
        register(id: string, name: string, address: Address): void {
          if (customers.has(id)) throw new Error(`There is a customer ${id}.`)
          customers.set(id, { id, name, address })
        },
        move(id: string, address: Address): void {
          need(id).address = address
        },
        label(id: string): string {
          const { name, address } = need(id)
          return `${name}\n${address.street}\n${address.zip} ${address.city}`
        },
        /** Names by city, both in order. */
        byCity(): Record<string, string[]> {
          const sorted = [...customers.values()].sort((a, b) => a.name.localeCompare(b.name))
          const groups = Map.groupBy(sorted, (customer) => customer.address.city)
          const named = [...groups].map(([city, group]): [string, string[]] => [city, group.map(({ name }) => name)])
          return Object.fromEntries(named.sort(([a], [b]) => a.localeCompare(b)))
        },
      },
      snapshot: (): CustomersState => ({ version: 2, customers: [...customers.values()] }),
    }
  },
})
export default kernel
export type Customers = KernelApi<typeof kernel>
