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
  return { view: view === '' ? 'fleet' : view, id: decodeURIComponent(id), query: new URLSearchParams(query) }
}

export const place = signal<Place>(parse(globalThis.location?.hash ?? ''))

export function watchPlace(): void {
  addEventListener('hashchange', () => {
    place.value = parse(location.hash)
  })
}

export function to(view: string, id = '', query: Readonly<Record<string, string>> = {}): string {
  const text = new URLSearchParams(query).toString()
  return `#/${view}${id === '' ? '' : `/${encodeURIComponent(id)}`}${text === '' ? '' : `?${text}`}`
}
