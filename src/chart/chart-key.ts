/** Two charts with the same key are drawn the same: what layouts are cached by. Pure, and no seal: it guards nothing. */
import type { Chart } from './model.ts'

/** Sixteen hexadecimal digits. */
export function chartKey(chart: Chart): string {
  const text = JSON.stringify(chart)
  return fnv(text, 0x811c9dc5) + fnv(text, 0x9747b28c)
}

/** FNV-1a over UTF-16 units, from two starts: enough that two of a host's charts do not meet. */
function fnv(text: string, start: number): string {
  let hash = start
  for (let index = 0; index < text.length; index++) {
    hash ^= text.charCodeAt(index)
    hash = Math.imul(hash, 0x01000193)
  }
  // FNV leaves the last characters in the low bits only; this mixes them into all.
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  return (hash >>> 0).toString(16).padStart(8, '0')
}
