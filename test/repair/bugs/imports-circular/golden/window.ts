import { defaultWindow } from './defaults.ts'

export interface Window {
  lengthMs: number
  calls: number
}

export function readWindow(given: Partial<Window>): Window {
  const window = { ...defaultWindow, ...given }
  if (!(window.lengthMs > 0 && window.calls > 0)) throw new RangeError('A window has a length and a number of calls.')
  return window
}

export function describe({ lengthMs, calls }: Window): string {
  return `${calls} calls in ${lengthMs / 1000} s`
}
