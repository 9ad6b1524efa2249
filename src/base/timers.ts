/** Timers that do not keep a process alive. A manual clock's timers have no unref and need none. */
export function unrefTimer(timer: unknown): void {
  if (typeof timer !== 'object' || timer === null) return
  const unref: unknown = Reflect.get(timer, 'unref')
  if (typeof unref === 'function') Reflect.apply(unref, timer, [])
}
