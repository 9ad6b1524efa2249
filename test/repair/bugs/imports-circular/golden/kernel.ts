/** How often a tenant may call. Times are milliseconds, given by the caller. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { describe, readWindow, type Window } from './window.ts'
import { Bucket } from './bucket.ts'

type LimitsState = [tenant: string, hits: number[]][]

const kernel = defineKernel({
  start(ctx: KernelContext<LimitsState, Partial<Window>>) {
    const window = readWindow(ctx.config)
    const buckets = new Map((ctx.restored ?? []).map(([tenant, hits]) => [tenant, new Bucket(hits)]))

    function bucketOf(tenant: string): Bucket {
      const bucket = buckets.get(tenant) ?? new Bucket()
      buckets.set(tenant, bucket)
      return bucket
    }
    return {
      api: {
        take: (tenant: string, now: number): boolean => bucketOf(tenant).take(now, window),
        left: (tenant: string, now: number): number => bucketOf(tenant).left(now, window),
        describe: (): string => describe(window),
      },
      snapshot: (): LimitsState => [...buckets].map(([tenant, bucket]) => [tenant, bucket.hits]),
    }
  },
})
export default kernel
export type Limits = KernelApi<typeof kernel>
