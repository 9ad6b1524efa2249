/** Where kernels stand, as rows of a table: for `lazaret status`, once or live. It prints nothing. */
import type { KernelStatus } from '../supervisor/status.ts'
import { type Cell, type Column, count, duration, stateCell } from './terminal.ts'

export const statusColumns: readonly Column[] = [
  ...[{ title: 'KERNEL' }, { title: 'TIER', right: true, spare: 4 } as const, { title: 'STATE' }],
  ...[{ title: 'SERVED BY' }, { title: 'FAILED', right: true, spare: 3 } as const],
  ...([
    { title: 'RESTARTS LEFT', right: true, spare: 2 },
    { title: 'UP', right: true, spare: 1 },
    { title: 'HEAP', right: true, spare: 5 },
  ] as const),
  ...([
    { title: 'CPU', right: true, spare: 6 },
    { title: 'MAILBOX', right: true },
  ] as const),
]

export function statusRow(kernel: KernelStatus): Cell[] {
  return [
    ...[kernel.id, String(kernel.tier), stateCell(kernel.state), servedByCell(kernel)],
    ...[countCell(kernel.failures), kernel.state.startsWith('quarantined') ? '-' : String(kernel.restartsLeft)],
    isUp(kernel) ? duration(kernel.uptimeMs) : '-',
    ...(isUp(kernel) ? [`${kernel.heapMb.toFixed(1)} MB`, `${(kernel.cpu * 100).toFixed(1)} %`] : ['-', '-']),
    String(kernel.mailbox),
  ]
}

function isUp({ uptimeMs }: KernelStatus): boolean {
  return uptimeMs > 0
}

function servedByCell({ servedBy, reroutedTo }: KernelStatus): Cell {
  return servedBy === 'instance' ? servedBy : { text: reroutedTo ?? servedBy, style: 'yellow' }
}

export function countCell(n: number): Cell {
  return n === 0 ? '0' : { text: String(n), style: 'yellow' }
}

/** `18 of 20 kernels in service, search by records`. */
export function inService(kernels: readonly KernelStatus[]): string {
  const serving = kernels.filter(({ servedBy }) => servedBy === 'instance').length
  const instead = kernels.flatMap(({ id, servedBy, reroutedTo }) => {
    if (servedBy === 'standby' || servedBy === 'fallback') return [`${id} by its ${servedBy}`]
    return reroutedTo === undefined ? [] : [`${id} by ${reroutedTo}`]
  })
  return [`${serving} of ${count(kernels.length, 'kernel')} in service`, ...instead].join(', ')
}
