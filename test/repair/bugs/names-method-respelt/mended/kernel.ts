/** Tenants and what became of them: one that was merged into another answers with the other's name. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { Register, type Tenant } from './register.ts'

const kernel = defineKernel({
  start(ctx: KernelContext<Tenant[]>) {
    const register = new Register(ctx.restored ?? [])
    return {
      api: {
        open(id: string, name: string): void {
          register.add({ id, name })
        },
        name: (id: string): string => register.lookup(id).name,
        rename(id: string, name: string): void {
          register.lookup(id).name = name
        },
        /** Returns how many tenants now answer as the one that is left. */
        merge(id: string, into: string): number {
          const left = register.lookup(into)
          const gone = register.lookup(id)
          if (left === gone) throw new Error(`${id} is ${into} already.`)
          register.redirect(gone.id, left.id)
          return register.aliases(left.id).length
        },
        all: (): string[] => register.all().map(({ id, name }) => `${id} ${name}`),
      },
      snapshot: () => register.records(),
    }
  },
})
export default kernel
export type Tenants = KernelApi<typeof kernel>
