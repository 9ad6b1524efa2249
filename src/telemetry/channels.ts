/**
 * Events on `node:diagnostics_channel`, for agents and tests that want no dependency on this package: every event on
 * `lazaret:event`, and on `lazaret:<type>` as well. Asks are told by the tracing channel `lazaret:ask`, where they are
 * sent. A channel that nobody listens to costs a lookup.
 */
import { channel } from 'node:diagnostics_channel'
import { type EventListener, eventTypes } from '../base/events.ts'

const all = channel('lazaret:event')
const byType = new Map(eventTypes.map((type) => [type, channel(`lazaret:${type}`)]))

export const publishEvent: EventListener = (event) => {
  if (all.hasSubscribers) all.publish(event)
  const one = byType.get(event.type)
  if (one?.hasSubscribers === true) one.publish(event)
}
