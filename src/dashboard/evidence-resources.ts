/** How the instance and its machine were when it failed, as short facts. What could not be measured is left out. */
import { duration } from '../base/words.ts'
import { entry, num } from './plain.ts'
import type { StoryResource } from './story-shape.ts'

export function resourcesOf(state: unknown): StoryResource[] {
  const instance = entry(state, 'instance')
  const system = entry(state, 'system')
  const sample = entry(system, 'sample')
  return [...ofInstance(instance), ...ofMachine(sample, num(entry(system, 'ageMs')))]
}

function ofInstance(instance: unknown): StoryResource[] {
  const [used, limit] = [num(entry(instance, 'heapUsedBytes')), num(entry(instance, 'heapLimitBytes'))]
  const [external, uptimeMs] = [num(entry(instance, 'externalBytes')), num(entry(instance, 'uptimeMs'))]
  const [busy, depth] = [num(entry(instance, 'eventLoopUtilization')), num(entry(instance, 'mailboxDepth'))]
  return [
    ...(used === undefined ? [] : [partOf('Heap', used, limit)]),
    ...(external === undefined ? [] : [{ name: 'Buffers', value: megabytes(external) }]),
    ...(busy === undefined ? [] : [share('Event loop busy', busy)]),
    ...(uptimeMs === undefined ? [] : [{ name: 'Had run for', value: duration(uptimeMs) }]),
    ...(depth === undefined ? [] : [{ name: 'Messages waiting', value: String(depth) }]),
  ]
}

function ofMachine(sample: unknown, ageMs: number | undefined): StoryResource[] {
  const load = entry(sample, 'load')
  const cpus = num(entry(sample, 'cpus'))
  const percent = num(entry(entry(sample, 'cpu'), 'percent'))
  const memory = entry(sample, 'memory')
  const [total, available] = [num(entry(memory, 'totalBytes')), num(entry(memory, 'availableBytes'))]
  const age = ageMs === undefined || ageMs < 1000 ? '' : `, ${duration(ageMs)} before`
  return [
    ...(percent === undefined ? [] : [share(`CPU of the machine${age}`, percent / 100)]),
    ...(Array.isArray(load) && cpus !== undefined
      ? [{ name: 'Load', value: `${load.map((one) => (num(one) ?? 0).toFixed(1)).join(', ')} on ${cpus} cores` }]
      : []),
    ...(total === undefined || available === undefined
      ? []
      : [partOf('Memory of the machine', total - available, total)]),
    ...disksOf(entry(sample, 'disk')),
  ]
}

/** The fullest one. */
function disksOf(disks: unknown): StoryResource[] {
  if (!Array.isArray(disks)) return []
  const all = disks.flatMap((disk) => {
    const [used, size, mount] = [num(entry(disk, 'usedBytes')), num(entry(disk, 'sizeBytes')), entry(disk, 'mount')]
    return used === undefined || size === undefined || size <= 0 || typeof mount !== 'string'
      ? []
      : [{ used, size, mount }]
  })
  const fullest = all.toSorted((a, b) => b.used / b.size - a.used / a.size)[0]
  return fullest === undefined ? [] : [partOf(`Disk ${fullest.mount.slice(0, 60)}`, fullest.used, fullest.size)]
}

function partOf(name: string, used: number, whole: number | undefined): StoryResource {
  if (whole === undefined || whole <= 0) return { name, value: megabytes(used) }
  return { name, value: `${megabytes(used)} of ${megabytes(whole)}`, share: Math.min(1, Math.max(0, used / whole)) }
}

function share(name: string, of: number): StoryResource {
  const inside = Math.min(1, Math.max(0, of))
  return { name, value: `${Math.round(inside * 100)} %`, share: inside }
}

function megabytes(bytes: number): string {
  const mb = bytes / 1_048_576
  if (mb < 1) return `${Math.round(bytes / 1024)} KB`
  return mb < 10_240 ? `${mb < 10 ? mb.toFixed(1) : Math.round(mb)} MB` : `${(mb / 1024).toFixed(1)} GB`
}
