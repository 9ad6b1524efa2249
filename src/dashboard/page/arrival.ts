/**
 * What a browser does when it comes to another page, and does not where only the fragment changes: the new one is read
 * from its beginning, and the keyboard is there too. Where somebody goes back, the browser knows how far they had read.
 */
import { effect } from '@preact/signals'
import { place } from './route.ts'

/** Marks an entry of the history that has been shown. */
const seen = 'seen'

/** Never ends. */
export function watchArrivals(): void {
  let last = keyOf()
  history.replaceState(seen, '')
  effect(() => {
    place.value
    const now = keyOf()
    if (now === last) return
    last = now
    const isReturn = history.state === seen
    history.replaceState(seen, '')
    // After it has been drawn.
    requestAnimationFrame(() => arrive(isReturn))
  })
}

const keyOf = (): string => `${place.peek().view}/${place.peek().id}`

function arrive(isReturn: boolean): void {
  const main = document.getElementById('main')
  const focused = document.activeElement
  // Whoever chooses within the view, such as another kernel's log, stays where they are.
  if (main === null || (focused !== main && main.contains(focused))) return
  main.focus({ preventScroll: true })
  if (!isReturn) scrollTo(0, 0)
}
