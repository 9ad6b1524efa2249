export interface FlagsState {
  version: 2
  flags: Record<string, boolean>
}
/** Up to the second release: the names of those that are on. */
type OlderState = { version: 1; on: string[] }

export function read(state: FlagsState | OlderState | undefined): Map<string, boolean> {
  if (state === undefined) return new Map()
  switch (state.version) {
    case 1:
      return new Map(state.on.map((name) => [name, true]))
    case 2:
      return new Map(Object.entries(state.flags))
    default:
      throw new Error(`The flags are of version ${(state as { version: unknown }).version}, which is not known here.`)
  }
}
