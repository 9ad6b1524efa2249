import { createHmac, timingSafeEqual } from 'node:crypto'
import { defineKernel, type KernelContext } from 'lazaret/kernel'

interface LinkConfig {
  host: string
  ttlSeconds: number
  /** Base64; the file server has the same one. */
  key: string
}

export default defineKernel({
  start(ctx: KernelContext<string[], LinkConfig>) {
    const { host, ttlSeconds } = ctx.config
    const key = Buffer.from(ctx.config.key, 'base64')
    const revoked = new Set(ctx.restored)

    const sign = (path: string, expires: number) =>
      createHmac('sha256', key).update(`${path}\n${expires}`).digest('base64url')

    return {
      api: {
        /** @param at seconds */
        link(path: string, at: number): string {
          if (!path.startsWith('/')) throw new Error(`${path} is no absolute path`)
          const expires = at + ttlSeconds
          return `${host}${path}?expires=${expires}&signature=${sign(path, expires)}`
        },
        verify(link: string, at: number): boolean {
          const url = new URL(link)
          const expires = Number(url.searchParams.get('expires'))
          const given = Buffer.from(url.searchParams.get('signature') ?? '')
          const right = Buffer.from(sign(url.pathname, expires))
          if (given.byteLength !== right.byteLength || !timingSafeEqual(given, right)) return false
          return at <= expires && !revoked.has(url.pathname)
        },
        revoke(path: string) {
          revoked.add(path)
          return revoked.size
        },
      },
      snapshot: () => [...revoked],
    }
  },
})
