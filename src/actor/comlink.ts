/**
 * The door to Comlink, loaded when the first remote is made: a thread that starts anew must not wait 2-5 ms for what it
 * may never use. Nothing is registered with it and nothing of it is changed, so a program's own use is not touched.
 */
import { createRequire } from 'node:module'
import type * as Comlink from 'comlink'

let loaded: typeof Comlink | undefined

export function comlink(): typeof Comlink {
  loaded ??= createRequire(import.meta.url)('comlink') as typeof Comlink
  return loaded
}
