export interface Tenant {
  id: string
  name: string
  /** Where this tenant was merged into another. */
  mergedInto?: string
}

export class Register {
  readonly #tenants: Map<string, Tenant>

  constructor(tenants: Tenant[]) {
    this.#tenants = new Map(tenants.map((tenant) => [tenant.id, tenant]))
  }

  add(tenant: Tenant): void {
    if (this.#tenants.has(tenant.id)) throw new Error(`There is a tenant ${tenant.id}.`)
    this.#tenants.set(tenant.id, tenant)
  }

  /** Follows mergers. */
  lookup(id: string): Tenant {
    const tenant = this.#tenants.get(id)
    if (tenant === undefined) throw new Error(`There is no tenant ${id}.`)
    return tenant.mergedInto === undefined ? tenant : this.lookup(tenant.mergedInto)
  }

  redirect(id: string, into: string): void {
    const tenant = this.#tenants.get(id)
    if (tenant !== undefined) tenant.mergedInto = into
  }

  aliases(id: string): string[] {
    return [...this.#tenants.keys()].filter((each) => each !== id && this.lookup(each).id === id)
  }

  /** Without those that were merged. */
  all(): Tenant[] {
    return this.records().filter(({ mergedInto }) => mergedInto === undefined)
  }

  records(): Tenant[] {
    return [...this.#tenants.values()]
  }
}
