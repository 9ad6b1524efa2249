const types: Record<string, string> = { txt: 'text/plain', md: 'text/markdown', html: 'text/html' }

export function bytesOf(text: string): number {
  return Buffer.byteLength(text)
}

export function typeOf(name: string): string {
  return types[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
}

export function etagOf(text: string): string {
  const { createHash } = require('node:crypto')
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 16)}"`
}
