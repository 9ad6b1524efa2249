/** The secret that opens the dashboard: made, carried in a cookie, and compared without telling how much of it was right. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

export function makeToken(): string {
  return randomBytes(32).toString('base64url')
}

export class TokenCheck {
  readonly token: string
  readonly #digest: Buffer

  constructor(token: string) {
    this.token = token
    this.#digest = digest(token)
  }

  /** Hashes have one length, so the time that it takes says nothing. */
  matches(given: string): boolean {
    return timingSafeEqual(digest(given), this.#digest)
  }

  isBearer(request: Request): boolean {
    const [, given] = /^bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '') ?? []
    return given !== undefined && this.matches(given)
  }

  isCookie(request: Request, name: string): boolean {
    const pairs = (request.headers.get('cookie') ?? '').split(';')
    return pairs.some((pair) => pair.trim().startsWith(`${name}=`) && this.matches(pair.trim().slice(name.length + 1)))
  }
}

/** Browsers share cookies among the ports of a host and the paths below one another: so each has its own name. */
export function cookieName(port: number, base: string): string {
  return `lazaret-${port}${base.replaceAll(/[^\w-]/g, '-')}`
}

/**
 * Script cannot read it, and no other site's page can have it sent. It ends with the browser. Without a path, so that it
 * holds where the browser sees the page to lie, whatever a proxy has put before that.
 */
export function cookieFor(name: string, token: string, isSecure: boolean): string {
  return `${name}=${token}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
