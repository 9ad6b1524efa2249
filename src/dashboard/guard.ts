/**
 * Who may ask, before anything is looked at: the name under which the server was reached, the page that asks, the token.
 * It knows nothing of what is asked for but how much that takes.
 */
import { HttpRefusal } from './answers.ts'
import { type HostName, type IsAccepted, parseHost } from './hosts.ts'
import { cookieName, type TokenCheck } from './token.ts'

/** open: nobody's secret. page: a link from elsewhere may lead there. read: with cookie or header. */
export type Access = 'open' | 'page' | 'read'

const whereToken =
  'Open the address that ends in ?token=...: lazaret run --dashboard printed it, or the program that serves this has it. ' +
  'Each start has a new token, unless one was given. Programs send it as a header, Authorization: Bearer <token>.'

export class Guard {
  readonly #token: TokenCheck
  readonly #isAccepted: IsAccepted

  constructor(token: TokenCheck, isAccepted: IsAccepted) {
    this.#token = token
    this.#isAccepted = isAccepted
  }

  /** The name under which it was reached. @throws HttpRefusal 400, 421 */
  host(request: Request): Required<HostName> {
    const url = new URL(request.url)
    // A request made by hand, in the same process, has none.
    const text = request.headers.get('host') ?? url.host
    const host = parseHost(text)
    if (host === undefined) throw new HttpRefusal(400, 'A request names its host once, as <name> or <name>:<port>.')
    const standardPort = url.protocol === 'https:' ? 443 : 80
    if (!this.#isAccepted(host, standardPort)) {
      throw new HttpRefusal(421, `The dashboard is not served under the name ${JSON.stringify(text)}.`, {
        hint: 'Open the address that was printed when it was started, or give this name in the option hosts.',
      })
    }
    return { name: host.name, port: host.port ?? standardPort }
  }

  /** @throws HttpRefusal 403 where another site's page asks; a link from there to the page itself is followed. */
  origin(request: Request, access: Access | undefined): void {
    const { headers } = request
    const origin = headers.get('origin')
    const host = headers.get('host') ?? new URL(request.url).host
    // A proxy may end TLS before it, so the scheme is either.
    if (origin !== null && origin.toLowerCase() !== `http://${host}` && origin.toLowerCase() !== `https://${host}`) {
      throw new HttpRefusal(403, 'A page of another origin asked this.', {
        hint: 'The dashboard answers its own page only.',
      })
    }
    const site = headers.get('sec-fetch-site')
    if (site === null || site === 'same-origin' || site === 'none') return
    if (access === 'page' && isVisit(request)) return
    throw new HttpRefusal(403, 'A page of another site asked this.', {
      hint: 'The dashboard answers its own page only.',
    })
  }

  /** @throws HttpRefusal 401 */
  reader(request: Request, port: number, base: string): void {
    if (this.#token.isBearer(request) || this.#token.isCookie(request, cookieName(port, base))) return
    throw unauthorised(request.headers.has('authorization') || request.headers.has('cookie'))
  }

  /** A cookie is sent by the browser, whoever asks it to; a header only by whoever knows the token. @throws HttpRefusal 401 */
  commander(request: Request): void {
    if (this.#token.isBearer(request)) return
    throw unauthorised(request.headers.has('authorization'))
  }
}

export function unauthorised(isWrong: boolean): HttpRefusal {
  const text = isWrong ? 'The token is not the one of this dashboard.' : 'The dashboard needs its token.'
  return new HttpRefusal(401, text, { hint: whereToken, headers: { 'www-authenticate': 'Bearer realm="lazaret"' } })
}

/** A link was followed, or an address typed: the whole window changes, and nothing of what comes is read by a script. */
export function isVisit({ method, headers }: Request): boolean {
  return (
    method === 'GET' && headers.get('sec-fetch-mode') === 'navigate' && headers.get('sec-fetch-dest') === 'document'
  )
}
