import { defineKernel, type KernelContext } from 'lazaret/kernel'

interface Device {
  label: string
  owner: string
}

const labelPattern = /^([a-z0-9]+[.-]?)+$/

export default defineKernel({
  start(ctx: KernelContext<Device[], { perOwner?: number }>) {
    const { perOwner = 50 } = ctx.config
    const devices = new Map((ctx.restored ?? []).map((device) => [device.label, device]))
    const owned = (owner: string) => [...devices.values()].filter((device) => device.owner === owner)

    return {
      api: {
        register(label: string, { owner }: { owner: string }): Device {
          if (!labelPattern.test(label)) throw new Error(`${label} is no label`)
          if (devices.has(label)) throw new Error(`${label} is taken`)
          if (owned(owner).length >= perOwner) throw new Error(`${owner} has ${perOwner} devices`)
          const device = { label, owner }
          devices.set(label, device)
          return device
        },
        hand(label: string, owner: string): Device {
          const device = devices.get(label)
          if (device === undefined) throw new Error(`there is no ${label}`)
          device.owner = owner
          return device
        },
        find: (start: string): string[] => [...devices.keys()].filter((label) => label.startsWith(start)).sort(),
        owned: (owner: string): string[] => owned(owner).map(({ label }) => label),
      },
      snapshot: () => [...devices.values()],
    }
  },
})
