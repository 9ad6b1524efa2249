/** What the user has chosen to see of the fleet; remembered while the page is open, the picture also for the next time. */
import { computed, signal } from '@preact/signals'
import { kernels } from '../store.ts'
import { type Choice, type Grouping, isChosen, type Sorting } from './facts.ts'

/** More than these are drawn as tiles. */
export const mostNodes = 60

export type Picture = 'graph' | 'table'

const key = 'lazaret-fleet'
const stored = globalThis.localStorage?.getItem(key)

/** Undefined until it is chosen: then the room decides. */
export const chosenPicture = signal<Picture | undefined>(stored === 'graph' || stored === 'table' ? stored : undefined)

export function choosePicture(next: Picture): void {
  chosenPicture.value = next
  localStorage.setItem(key, next)
}

export const text = signal('')
export const choice = signal<Choice>('all')
export const grouping = signal<Grouping>('tier')
export const sorting = signal<Sorting>({ by: 'tier', isDown: false })
/** Tiles with names in them. */
export const isZoomed = signal(false)

/** Ids of what is chosen, in the order of the fleet; as one text, so that nothing is drawn anew where it stays the same. */
const chosenText = computed(() => {
  const [wanted, state] = [text.value, choice.value]
  const ids: string[] = []
  for (const [id, { status }] of kernels.value) {
    // Without a filter no status need be read, nor this be worked out with each.
    if ((wanted.trim() === '' && state === 'all') || isChosen(status.value, wanted, state)) ids.push(id)
  }
  return ids.join('\n')
})

export const chosenIds = computed<readonly string[]>(() =>
  chosenText.value === '' ? [] : chosenText.value.split('\n'),
)

/** Under the pointer, or with the keyboard's focus. */
export const pointed = signal<string | undefined>(undefined)
