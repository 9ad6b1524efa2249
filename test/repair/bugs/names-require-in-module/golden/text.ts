const types: Record<string, string> = { txt: 'text/plain', md: 'text/markdown', html: 'text/html' }

export function bytesOf(text: string): number {
  return Buffer.byteLength(text)
}

export function typeOf(name: string): string {
  return types[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
}
