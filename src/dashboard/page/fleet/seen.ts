/** Whether an element is on the screen, or nearly so: what nobody sees need not be drawn again. */
import { type Signal, useSignal } from '@preact/signals'
import type { RefObject } from 'preact'
import { useEffect } from 'preact/hooks'

const seen = new WeakMap<Element, Signal<boolean>>()
let observer: IntersectionObserver | undefined

function observing(): IntersectionObserver {
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const one = seen.get(target)
        if (one !== undefined) one.value = isIntersecting
      }
    },
    // The second is for what scrolls within the page.
    { rootMargin: '200px', scrollMargin: '200px' },
  )
  return observer
}

/** @param always it counts as seen wherever it is. */
export function useSeen(ref: RefObject<Element | null>, always: boolean): Signal<boolean> {
  const isSeen = useSignal(always)
  useEffect(() => {
    const element = ref.current
    if (always) isSeen.value = true
    if (always || element === null) return
    seen.set(element, isSeen)
    observing().observe(element)
    return () => observing().unobserve(element)
  }, [ref, isSeen, always])
  return isSeen
}
