/**
 * Redaction of a text, and what keeps it on one line: the part of redact.ts that a browser runs as well, so it imports
 * nothing of Node. What it cannot know, and how values are walked, is said there.
 */
import { limits } from './limits.ts'

export const redacted = '[redacted]'

const secretKey =
  /passw|pass$|pin$|dsn$|passphrase|pwd$|secret|token$|tokens$|authori[sz]ation|apikey|cookie|privatekey|credential|accesskey|signingkey|encryptionkey|connectionstring/

/** True for `apiKey`, `API_KEY`, `x-api-key`, `db_password`: case and separators do not matter. */
export function isSecretKey(key: string): boolean {
  return secretKey.test(
    key
      .slice(0, 128)
      .replace(/[^a-zA-Z0-9]/g, '')
      .toLowerCase(),
  )
}

/** Each with a bounded look-back, so that no text makes them slow. */
const secretTexts: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, redacted],
  [/\b(bearer|basic)\s{1,4}[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${redacted}`],
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/?#"'<>]{1,512}@/gi, `$1${redacted}@`],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?/g, redacted],
  [/\b(?:sk|pk|rk|ghp|gho|ghu|ghs|ghr|github_pat|glpat|xox[abprs]|npm|hf)[-_][A-Za-z0-9_-]{16,}/g, redacted],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[A-Za-z0-9_-]{30,}/g, redacted],
  [
    /((?:passw(?:or)?d|passphrase|pwd|secret|token|api[-_ ]?key|private[-_ ]?key|access[-_ ]?key|authorization|cookie)(?:\\{0,8}["'])?\s{0,4}[=:]\s{0,4})(?!\[redacted\])(\\{1,8}"[^"\\]{1,4096}|"[^"]{1,4096}"?|'[^']{1,4096}'?|[^\s"',;&}\]]{1,4096})/gi,
    `$1${redacted}`,
  ],
]

/** A long word of upper case, lower case and at least three digits is a key far more often than a name. */
function strikeLongKeys(text: string): string {
  return text.replace(/[A-Za-z0-9_-]{32,}/g, (word) => {
    const digits = word.replace(/[^0-9]/g, '').length
    return digits >= 3 && /[A-Z]/.test(word) && /[a-z]/.test(word) ? redacted : word
  })
}

/** Strikes out what looks like a secret within a text: bearer tokens, keys, passwords in URLs, `password=...`. */
export function redactText(text: string): string {
  let result = text
  for (const [pattern, replacement] of secretTexts) result = result.replace(pattern, replacement)
  return strikeLongKeys(result)
}

/**
 * Escapes what would move a cursor, hide text or break a line: C0, DEL, C1, bidirectional marks, U+2028 and U+2029.
 * `\uXXXX` is also what JSON writes, so JSON text keeps its meaning.
 */
export function escapeUnsafe(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (character) => {
      if (character === '\n') return '\\n'
      if (character === '\r') return '\\r'
      if (character === '\t') return '\\t'
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
    },
  )
}

/** One line for a log or a terminal: escaped, and cut to limits.logLineChars. */
export function safeLine(text: string): string {
  // Cut first: escaping makes text longer only, and 50 MB must not be escaped to be thrown away.
  const escaped = escapeUnsafe(text.slice(0, limits.logLineChars))
  if (text.length <= limits.logLineChars && escaped.length <= limits.logLineChars) return escaped
  const tail = '... [cut]'
  return `${cutWhole(escaped, limits.logLineChars - tail.length)}${tail}`
}

/** Cuts without leaving half of a surrogate pair. */
function cutWhole(text: string, length: number): string {
  const last = text.charCodeAt(length - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length)
}
