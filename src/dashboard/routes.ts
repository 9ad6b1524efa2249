/**
 * What is answered: one line a path. Whoever asks has been let in before; what is asked for is checked here, and carried
 * out by the ops of the control protocol, which the command line has as well.
 */
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Chart } from '../chart/model.ts'
import { type ControlOp, controlOps, isCommand } from '../control/protocol.ts'
import { HttpRefusal, json } from './answers.ts'
import { readJson } from './body.ts'
import { eventText } from './event-batch.ts'
import { block, eventBlock, type Feed } from './feed.ts'
import type { Access, Guard } from './guard.ts'
import { incidentFileName, incidentHtml, incidentPolicy } from './incident-html.ts'
import { logSource } from './log-stream.ts'
import { toldTypes } from './narrate.ts'
import type { ChartPorts, DashboardPorts } from './ports.ts'
import type { Story } from './story-shape.ts'
import type { StreamSource, Streams } from './stream.ts'
import type { Opening } from './wire.ts'

/** One request, as a route gets it. */
export interface Asked {
  readonly request: Request
  /** By the names in the route's path; each a word without slashes. */
  readonly params: Readonly<Record<string, string>>
  /** Ends the connection at once, where there is one of its own. */
  readonly cut: (() => void) | undefined
}

export interface DashboardRoute {
  readonly method: 'GET' | 'POST'
  /** As hono reads it: `/api/charts/:kernel/:session`. */
  readonly path: string
  /** open: without the token. */
  readonly access: Exclude<Access, 'page'>
  answer(asked: Asked): Response | Promise<Response>
}

export interface RouteParts {
  readonly ports: DashboardPorts
  readonly guard: Guard
  readonly feed: Feed
  readonly streams: Streams
  readonly readOnly: boolean
}

export function dashboardRoutes(parts: RouteParts): DashboardRoute[] {
  const { ports, streams, feed, readOnly } = parts
  const get = (path: string, answer: DashboardRoute['answer']): DashboardRoute => ({
    ...{ method: 'GET', path, access: 'read', answer },
  })
  return [
    get('/api/state', () => json({ ...ports.opening(), readOnly } satisfies Opening)),
    get('/api/happenings', () => happenings(ports)),
    get('/api/events', ({ request, cut }) => streams.answer(request, eventSource(ports, feed, request), cut)),
    get('/api/logs', ({ request, cut }) => streams.answer(request, logSource(ports, request), cut)),
    get('/api/logs/:kernel', ({ request, params, cut }) =>
      streams.answer(request, logSource(ports, request, params.kernel), cut),
    ),
    { method: 'POST', path: '/api/ops/:op', access: 'read', answer: (asked) => answerOp(parts, asked) },
    get('/api/charts/lifecycle', ({ request }) => answerChart(ports.charts, ports.charts?.lifecycle, request)),
    get('/api/charts/:kernel/:session', ({ request, params: { kernel = '', session = '' } }) =>
      answerChart(ports.charts, ports.charts?.ofSession(kernel, session), request),
    ),
    get('/api/incidents/:file', ({ params }) => answerIncidentFile(ports, params.file ?? '')),
    ...(ports.routes ?? []),
  ]
}

/** What a person would be told of what was before; a flood of snapshots or dead letters does not hide it. */
function happenings(ports: DashboardPorts): Response {
  const types = toldTypes.filter((type) => type !== 'message.deadLettered')
  const events = ports.lastEvents(types, limits.dashboardHappenings)
  return new Response(`[${events.map(eventText).join()}]`, { headers: { 'content-type': 'application/json' } })
}

async function answerOp({ ports, guard, readOnly }: RouteParts, { request, params }: Asked): Promise<Response> {
  const op = controlOps.find((known) => known === params.op)
  if (op === undefined || op === 'events') {
    const known = controlOps.filter((one) => one !== 'events').join(', ')
    throw new LazaretError('NOT_FOUND', `There is no op ${JSON.stringify(params.op)}. There are: ${known}.`)
  }
  const given = await readJson(request)
  if (isCommand(op, given)) mayCommand(guard, request, op, readOnly)
  return json({ result: (await ports.table[op](given)) ?? null })
}

function mayCommand(guard: Guard, request: Request, op: ControlOp, readOnly: boolean): void {
  guard.commander(request)
  if (!readOnly) return
  throw new LazaretError('READ_ONLY', `This dashboard only shows: ${op} is not carried out.`, {
    hint: 'Give the command with the command line (lazaret --help), or serve the dashboard without readOnly.',
  })
}

/** `<incident>.html`, to be kept. */
async function answerIncidentFile(ports: DashboardPorts, file: string): Promise<Response> {
  const id = /^(.+)\.html$/.exec(file)?.[1]
  if (id === undefined) throw new HttpRefusal(404, 'The file of an incident is named <incident>.html.')
  const text = await incidentHtml((await ports.table.story({ incident: id })) as Story)
  return new Response(text, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-disposition': `attachment; filename="${incidentFileName(id)}"`,
      'content-security-policy': incidentPolicy,
    },
  })
}

function eventSource(ports: DashboardPorts, feed: Feed, request: Request): StreamSource {
  const after = lastEventId(request)
  return {
    missed: block({ type: 'reset' }),
    open(send) {
      // First: where the journal cannot be read, nobody must be left who listens.
      const missed = missedBlock(ports, after)
      const { first, leave } = feed.join(send)
      return { first: missed + first, leave }
    },
  }
}

/** @throws LazaretError OPTION_INVALID */
function lastEventId(request: Request): number | undefined {
  const text = request.headers.get('last-event-id')
  if (text === null || text === '') return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new LazaretError(
    'OPTION_INVALID',
    `Last-Event-ID must be the number of an event. Got: ${JSON.stringify(text)}.`,
  )
}

/** What has happened since, or that it is too much, or that the number is of another journal. */
function missedBlock(ports: DashboardPorts, after: number | undefined): string {
  const last = ports.lastSeq()
  if (after === undefined || after === last) return ''
  const count = last - after
  const missed = count < 0 || count > limits.dashboardResumeEvents ? [] : ports.eventsAfter(after, count)
  if (missed.length !== count) return block({ type: 'reset' })
  let blocks = ''
  for (let from = 0; from < missed.length; from += limits.dashboardFrameEvents) {
    const some = missed.slice(from, from + limits.dashboardFrameEvents)
    blocks += eventBlock(some.at(-1)?.seq ?? last, some.map(eventText), 0)
  }
  return blocks
}

/** Drawn once for all who look, and not sent again to whoever has it. */
async function answerChart(
  charts: ChartPorts | undefined,
  chart: Chart | undefined,
  request: Request,
): Promise<Response> {
  if (charts === undefined || chart === undefined) throw new HttpRefusal(404, 'There is no such chart.')
  const headers = { etag: `"${charts.key(chart)}"`, 'cache-control': 'private, no-cache' }
  if (request.headers.get('if-none-match') === headers.etag) return new Response(null, { status: 304, headers })
  return json(await charts.draw(chart), 200, headers)
}
