/** Signs what the outgoing webhooks carry, and checks what comes back. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { keyOf, sign } from './signature.ts'

const kernel = defineKernel({
  async start(ctx: KernelContext<number, { secret?: string }>) {
    const key = await keyOf(ctx.config.secret ?? 'development')
    let signed = ctx.restored ?? 0

    return {
      api: {
        async headers(body: string, at: number): Promise<Record<string, string>> {
          signed += 1
          return { 'x-timestamp': String(at), 'x-signature': await sign(key, `${at}.${body}`) }
        },
        /** True where the body was signed with our key, and no more than five minutes ago. */
        async verify(body: string, at: number, signature: string, now: number): Promise<boolean> {
          if (Math.abs(now - at) > 300_000) return false
          return (await sign(key, `${at}.${body}`)) === signature
        },
        signed: (): number => signed,
      },
      snapshot: () => signed,
    }
  },
})
export default kernel
export type Signer = KernelApi<typeof kernel>
