/**
 * What goes back over HTTP: JSON, refusals with their status, and the headers that tell a browser to trust nothing from
 * elsewhere. One table says which error is which status.
 */
import { createHash } from 'node:crypto'
import { toRecord } from '../base/error-record.ts'
import { type ErrorCode, LazaretError } from '../base/errors.ts'
import { escaped } from '../chart/svg-parts.ts'

const statuses: Partial<Record<ErrorCode, number>> = {
  ...{ OPTION_INVALID: 400, FLEET_INVALID: 400, PLAYBOOK_INVALID: 400, CONTROL_FAILED: 400 },
  ...{ READ_ONLY: 403, REQUEST_REFUSED: 403 },
  ...{ NOT_FOUND: 404, UNKNOWN_KERNEL: 404, UNKNOWN_METHOD: 404 },
  ...{ COMMAND_REFUSED: 409, STALE_EPOCH: 409, EVIDENCE_CORRUPT: 409 },
  ...{ PATCH_REFUSED: 422, CAGE_UNSUITABLE: 422, CHART_TOO_LARGE: 422 },
  ...{ RUNTIME_STOPPED: 503, RUNTIME_NOT_STARTED: 503, KERNEL_UNAVAILABLE: 503, JOURNAL_FAILED: 503 },
}

/** 500 for what has no other meaning over HTTP, a defect among it. */
export function statusOfError(thrown: unknown): number {
  return thrown instanceof LazaretError ? (statuses[thrown.code] ?? 500) : 500
}

/** A refusal with a status of its own, where the error's code alone does not say enough. */
export class HttpRefusal extends LazaretError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, extra: { hint?: string; headers?: Record<string, string> } = {}) {
    super(
      status === 404 ? 'NOT_FOUND' : 'REQUEST_REFUSED',
      message,
      extra.hint === undefined ? {} : { hint: extra.hint },
    )
    this.status = status
    this.headers = extra.headers ?? {}
  }
}

export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json', ...headers } })
}

/** As a page for a person who looks with a browser, as JSON for a program. */
export function refuse(thrown: unknown, request: Request): Response {
  const status = thrown instanceof HttpRefusal ? thrown.status : statusOfError(thrown)
  const headers = thrown instanceof HttpRefusal ? thrown.headers : {}
  // The stack is for whoever reads the runtime's own log.
  const { stack: _stack, foreign: _foreign, cause, ...record } = toRecord(thrown)
  const isPerson = request.method === 'GET' && (request.headers.get('accept') ?? '').includes('text/html')
  if (isPerson) return notePage(status, record.message, record.hint ?? '', headers)
  const why = cause === undefined ? {} : { cause: { name: cause.name, message: cause.message } }
  return json({ error: { ...record, ...why } }, status, headers)
}

/** The page's own colours (theme.css). */
const noteStyle = `:root{color-scheme:light dark}
body{max-width:34rem;margin:18vh auto 0;padding:0 1.25rem;font:1rem/1.6 system-ui,sans-serif;
background:light-dark(#f6f7f9,#0e1116);color:light-dark(#1a2129,#e6ebf1)}
h1{font-size:1.25rem;font-weight:600;margin:0 0 .75rem}p{margin:0 0 .75rem;color:light-dark(#55606d,#9aa7b5)}
strong{display:block;margin-bottom:2rem}a{color:light-dark(#0f6a63,#4fd1c5)}`
const noteStyleHash = createHash('sha256').update(noteStyle).digest('base64')
/** The view is in the fragment, which no header can carry over. */
const beginAnew = "location.replace('./'+location.hash)"
const beginAnewHash = createHash('sha256').update(beginAnew).digest('base64')
const onlyThatStyle = `default-src 'none'; style-src 'sha256-${noteStyleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** A page of a sentence or two, which needs no other file. */
function notePage(status: number, title: string, text: string, headers: Readonly<Record<string, string>>): Response {
  return html(note(title, `<p>${escaped(text)}</p>`), status, {
    'content-security-policy': onlyThatStyle,
    ...headers,
  })
}

/**
 * Between a link on another site and the page: a browser sends no SameSite=Strict cookie along with a visit that began
 * elsewhere, so the visit is begun anew from here.
 */
export function landingPage(headers: Readonly<Record<string, string>>): Response {
  const body = `<p><a href="./">Open the dashboard</a></p><script>${beginAnew}</script>`
  const policy = { 'content-security-policy': `${onlyThatStyle}; script-src 'sha256-${beginAnewHash}'` }
  return html(note('The dashboard opens.', body), 200, { ...policy, ...headers })
}

function note(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Lazaret</title><style>${noteStyle}</style></head>
<body><main><strong>Lazaret</strong><h1>${escaped(title)}</h1>${body}</main></body>
</html>
`
}

function html(text: string, status: number, headers: Readonly<Record<string, string>>): Response {
  return new Response(text, { status, headers: { 'content-type': 'text/html; charset=utf-8', ...headers } })
}

/** Everything from here, nothing from elsewhere, no inline script or style, and in no frame. */
export const pagePolicy =
  "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const everywhere: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
}

/** The headers of every answer; what an answer says itself stands. */
export function dressed(response: Response): Response {
  for (const [name, value] of Object.entries(everywhere)) response.headers.set(name, value)
  if (!response.headers.has('cache-control')) response.headers.set('cache-control', 'no-store')
  if (!response.headers.has('content-security-policy'))
    response.headers.set('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  return response
}
