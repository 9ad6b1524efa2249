const bytes = (text: string) => new TextEncoder().encode(text)
const algorithm = { name: 'HMAC', hash: 'SHA-256' }

export function keyOf(secret: string): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', bytes(secret), algorithm, false, ['sign'])
}

export async function sign(key: CryptoKey, text: string): Promise<string> {
  const signature = await crypto.subtle.sign('HMAC', key, bytes(text))
  return `v1=${Buffer.from(signature).toString('hex')}`
}
