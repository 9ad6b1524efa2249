/** Which view is shown: the fragment of the address, so that the server need not know of views. */
import { signal } from '@preact/signals'

export interface Place {
  readonly view: string
  /** What it shows: an id of a kernel, an incident, ...; empty where the view needs none. */
  readonly id: string
  readonly query: URLSearchParams
}

function parse(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?')
  const [view = '', id = ''] = path.split('/')
  return { view: view === '' ? 'fleet' : view, id: decoded(id), query: new URLSearchParams(query) }
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id)
  } catch {
    // Typed, or cut by whatever it was sent with: nothing has such an id, and the view says so.
    return id
  }
}

export const place = signal<Place>(parse(globalThis.location?.hash ?? ''))

export function watchPlace(): void {
  addEventListener('hashchange', ({ oldURL }) => {
    if (location.hash === '' || location.hash.startsWith('#/')) place.value = parse(location.hash)
    // A place within the view, such as its content: the browser has gone there, and the address stays the view's.
    else history.replaceState(history.state, '', oldURL)
  })
}

export function to(view: string, id = '', query: Readonly<Record<string, string>> = {}): string {
  const text = new URLSearchParams(query).toString()
  return `#/${view}${id === '' ? '' : `/${encodeURIComponent(id)}`}${text === '' ? '' : `?${text}`}`
}
