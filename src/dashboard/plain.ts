/** Values that come from disk or from a kernel, as bounded, redacted text that moves no cursor. Pure; nothing here throws. */
import { limits } from '../base/limits.ts'
import { escapeUnsafe, redactText } from '../base/redact.ts'

export function entry(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

export function num(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** @param max characters; what is beyond is cut and said so. */
export function oneLine(text: string, max: number = limits.storyTextChars): string {
  return clipped(escapeUnsafe(redactText(text.slice(0, max * 2))), max)
}

/** Line breaks and tabs stay. */
export function multiline(text: string, max: number): string {
  const safe = redactText(text.slice(0, max * 2))
    .split(/(\r?\n|\t)/)
    .map((part) => (part === '\t' || part === '\n' ? part : part === '\r\n' ? '\n' : escapeUnsafe(part)))
    .join('')
  return clipped(safe, max)
}

function clipped(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max).toWellFormed()}... [${text.length - max} more characters]`
}
