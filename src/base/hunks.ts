/** Where a unified diff changes its file, for people: lines and counts. It applies nothing. */

export interface HunkPlace {
  /** Lines that change in the old text; where lines are only put in, the one in front of them. */
  readonly first: number
  readonly last: number
  readonly out: number
  readonly in: number
}

/** Where a unified diff changes its old text. Lines that are only context do not count. */
export function hunksOf(patch: string): HunkPlace[] {
  const places: HunkPlace[] = []
  let at = 0
  let open: { first: number; last: number; out: number; in: number } | undefined
  for (const line of patch.split('\n')) {
    const header = /^@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@/.exec(line)
    if (header !== null) {
      at = Number(header[1])
      open = undefined
    } else if (at > 0 && line.startsWith('-')) {
      open = opened(places, open, at)
      open.out += 1
      open.last = at
      at += 1
    } else if (at > 0 && line.startsWith('+')) {
      open = opened(places, open, Math.max(1, at - 1))
      open.in += 1
    } else if (at > 0 && line.startsWith(' ')) {
      at += 1
      open = undefined
    }
  }
  return places
}

type Open = { first: number; last: number; out: number; in: number }

function opened(places: HunkPlace[], open: Open | undefined, at: number): Open {
  if (open !== undefined) return open
  const place = { first: at, last: at, out: 0, in: 0 }
  places.push(place)
  return place
}
