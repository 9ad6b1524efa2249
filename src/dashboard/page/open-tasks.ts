/** Tasks that wait for a person or an agent: read when the page begins to show them, and again when one has changed. */
import { signal } from '@preact/signals'
import type { LazaretEvent } from '../../base/events.ts'
import { ask } from './api.ts'
import { onEvents, onRegained } from './store.ts'

export interface OpenTask {
  readonly id: string
  readonly kernel: string
  readonly incident: string
}

/** None, too, where they could not be read. */
export const openTasks = signal<readonly OpenTask[]>([])
let isAsking = false
let isOutdated = false

/** One question at a time; whatever changes meanwhile is one more. */
async function read(): Promise<void> {
  isOutdated = true
  if (isAsking) return
  isAsking = true
  try {
    while (isOutdated) {
      isOutdated = false
      openTasks.value = await ask<readonly OpenTask[]>('tasks', { status: 'open' })
    }
  } catch {
    // Better none than old ones; that the connection is lost is said by the header.
    openTasks.value = []
  } finally {
    isAsking = false
  }
}

const isOfTask = ({ type }: LazaretEvent): boolean => type.startsWith('task.')

/** Returns the function that ends it. */
export function followOpenTasks(): () => void {
  void read()
  const ends = [
    onEvents((events) => {
      if (events.some(isOfTask)) void read()
    }),
    onRegained(() => void read()),
  ]
  return () => {
    for (const end of ends) end()
  }
}
