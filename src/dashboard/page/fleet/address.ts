/**
 * What is chosen of the fleet stands in the address as well, so that a reload, a bookmark and a link sent to somebody
 * show the same. An address that says nothing leaves things as they are.
 */
import { effect } from '@preact/signals'
import { place, to } from '../route.ts'
import { choice, chosenPicture, grouping, sorting, text } from './choice.ts'
import { type Sorting, sortKeys } from './facts.ts'

/** Follows the one with the other. Returns the function that ends it. */
export function followAddress(): () => void {
  const ends = [
    effect(() => {
      const { view, query } = place.value
      if (view === 'fleet' && query.size > 0) take(query)
    }),
    effect(() => {
      const query = chosen()
      if (place.value.view !== 'fleet') return
      const hash = to('fleet', '', query)
      // Somebody is on the way to another view: the address is that one's already.
      const isOurs = /^(?:#\/?(?:fleet(?:\?.*)?)?)?$/.test(location.hash)
      if (isOurs && location.hash !== hash && !(location.hash === '' && hash === '#/fleet'))
        history.replaceState(history.state, '', hash)
    }),
  ]
  return () => {
    for (const end of ends) end()
  }
}

function take(query: URLSearchParams): void {
  const picture = query.get('as')
  if (picture === 'graph' || picture === 'table') chosenPicture.value = picture
  text.value = query.get('find') ?? ''
  choice.value = query.get('state') ?? 'all'
  const by = query.get('by')
  grouping.value = by === 'state' || by === 'none' ? by : 'tier'
  sorting.value = sortingOf(query.get('sort') ?? '')
}

function sortingOf(word: string): Sorting {
  const by = word.replace(/^-/, '')
  if (!Object.hasOwn(sortKeys, by)) return { by: 'tier', isDown: false }
  return { by: by as Sorting['by'], isDown: word.startsWith('-') }
}

/** Nothing of what is as it is by itself. */
function chosen(): Record<string, string> {
  const { by, isDown } = sorting.value
  const sort = `${isDown ? '-' : ''}${by}`
  return {
    ...(chosenPicture.value !== undefined && { as: chosenPicture.value }),
    ...(text.value.trim() !== '' && { find: text.value.trim() }),
    ...(choice.value !== 'all' && { state: choice.value }),
    ...(grouping.value !== 'tier' && { by: grouping.value }),
    ...(sort !== 'tier' && { sort }),
  }
}
