/** Dead letters page by page, as one list that grows towards the older ones. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { ShownDeadLetter } from '../../supervisor/dead-letters.ts'
import { ask, Refused } from './api.ts'
import { type LetterFilter, paramsOf } from './letter-filter.ts'
import { onRegained, skewMs } from './store.ts'

export interface Letters {
  readonly letters: readonly ShownDeadLetter[]
  /** All that match, those not shown yet included; undefined until it is known. */
  readonly matching: number | undefined
  readonly problem: string | undefined
  /** Begins anew with the newest. */
  readonly again: () => void
  readonly older: () => void
}

const pageSize = 50
/** What is typed is asked for when the typing rests. Milliseconds. */
const restMs = 250

export function useLetters(filter: LetterFilter): Letters {
  const [found, setFound] = useState<{ letters: readonly ShownDeadLetter[]; matching?: number }>({ letters: [] })
  const [problem, setProblem] = useState<string>()
  const latest = useRef(0)
  const key = JSON.stringify(filter)
  const load = useCallback(
    async (known: readonly ShownDeadLetter[]) => {
      latest.current += 1
      const mine = latest.current
      const params = paramsOf(JSON.parse(key) as LetterFilter, Date.now() + skewMs.peek())
      const before = known.at(-1)?.id
      try {
        const [more, matching] = await Promise.all([
          ask<ShownDeadLetter[]>('deadLetters', {
            ...params,
            limit: pageSize,
            ...(before !== undefined && { before }),
          }),
          ask<number>('deadLetterCount', params),
        ])
        if (latest.current !== mine) return
        setFound({ letters: [...known, ...more], matching })
        setProblem(undefined)
      } catch (thrown) {
        if (latest.current === mine)
          setProblem(thrown instanceof Refused ? thrown.message : 'The runtime does not answer.')
      }
    },
    [key],
  )
  useEffect(() => {
    const timer = setTimeout(() => void load([]), restMs)
    return () => clearTimeout(timer)
  }, [load])
  useEffect(() => onRegained(() => void load([])), [load])
  return {
    ...{ letters: found.letters, matching: found.matching, problem },
    again: useCallback(() => void load([]), [load]),
    older: () => void load(found.letters),
  }
}
