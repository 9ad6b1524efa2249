/** A question to the runtime as a hook: asked when it is first drawn, when it changes, and whenever `again` is called. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { ask, Refused } from './api.ts'
import { onRegained } from './store.ts'

export interface Asked<T> {
  /** The last answer; it stays while the next one is waited for. */
  readonly value: T | undefined
  /** Why there is no newer one. */
  readonly problem: string | undefined
  readonly again: () => void
}

type Params = Parameters<typeof ask>[1]

/** @param params plain data; undefined: nothing is asked. `T` is what the op is known to answer. */
export function useAsked<T>(op: Parameters<typeof ask>[0], params: Params | undefined): Asked<T> {
  const [value, setValue] = useState<T>()
  const [problem, setProblem] = useState<string>()
  const [times, setTimes] = useState(0)
  const latest = useRef(0)
  const key = params === undefined ? undefined : JSON.stringify(params)
  // `times` is asked for again by hand.
  useEffect(() => {
    if (key === undefined) return
    latest.current += 1
    const mine = latest.current
    ask<T>(op, JSON.parse(key) as Params).then(
      (found) => {
        // An older answer that comes late says nothing about what is asked now.
        if (latest.current !== mine) return
        setValue(() => found)
        setProblem(undefined)
      },
      (thrown: unknown) => {
        if (latest.current === mine)
          setProblem(thrown instanceof Refused ? thrown.message : 'The runtime does not answer.')
      },
    )
  }, [op, key, times])
  useEffect(() => onRegained(() => setTimes((n) => n + 1)), [])
  return { value, problem, again: useCallback(() => setTimes((n) => n + 1), []) }
}
