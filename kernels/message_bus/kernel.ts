/**
 * The switchboard: who publishes on a topic need not know who listens. A message goes out as
 * `onMessage(topic, message)` to every subscriber, and nothing is waited for: a subscriber that is down costs the
 * others nothing, and what it misses are dead letters of the runtime. Messages are not kept here.
 */
import { defineKernel, type KernelApi, type KernelContext, type Ref } from 'lazaret/kernel'
import {
  type Action,
  type BusConfig,
  isAllowed,
  isListOfText,
  readConfig,
  refusal,
  shown,
  topicPattern,
} from './access.ts'

interface BusState {
  subscriptions: [topic: string, subscribers: string[]][]
  counters: { published: number; delivered: number; denied: number }
}

/** What a subscriber offers. */
export type Subscriber = { onMessage(topic: string, message: unknown): Promise<void> }

const maxSubscriptions = 10_000
function needTopic(topic: unknown): asserts topic is string {
  if (typeof topic !== 'string' || topic.length > 200 || !topicPattern.test(topic)) {
    throw refusal('INVALID_TOPIC', `A topic is words joined by dots, 200 characters at most. Got: ${shown(topic)}`)
  }
}

function needId(id: unknown, role: string): asserts id is string {
  if (typeof id !== 'string' || id === '' || id === '*' || id.length > 100) {
    throw refusal('INVALID_ID', `The ${role} must be the id of a kernel. Got: ${shown(id)}`)
  }
}

/** A state that is not as `snapshot` leaves it must not be worked on: start() fails, and an older one is restored. */
function readState(state: BusState | undefined): BusState {
  if (state === undefined) return { subscriptions: [], counters: { published: 0, delivered: 0, denied: 0 } }
  const { published, delivered, denied } = state.counters
  const paired = state.subscriptions.every(([topic, ids]) => typeof topic === 'string' && isListOfText(ids))
  if (!paired || ![published, delivered, denied].every(Number.isSafeInteger)) {
    throw refusal('STATE_INVALID', 'The restored state is no state of a message bus.')
  }
  return { subscriptions: state.subscriptions, counters: { published, delivered, denied } }
}

class Switchboard {
  readonly #ctx: KernelContext<BusState, BusConfig>
  readonly #config: Required<BusConfig>
  readonly #topics = new Map<string, Map<string, Ref<Subscriber>>>()
  readonly #counters: BusState['counters']
  #subscriptions = 0

  constructor(ctx: KernelContext<BusState, BusConfig>) {
    this.#ctx = ctx
    this.#config = readConfig(ctx.config)
    const restored = readState(ctx.restored)
    this.#counters = restored.counters
    for (const [topic, subscribers] of Object.entries(this.#config.subscriptions)) {
      for (const subscriber of subscribers) this.#add(topic, subscriber)
    }
    for (const [topic, subscribers] of restored.subscriptions) {
      for (const subscriber of subscribers) {
        // The rules may have changed since the state was saved; they win.
        if (isAllowed(this.#config, 'subscribe', topic, subscriber)) this.#add(topic, subscriber)
        else ctx.log.warn('a restored subscription is against the rules and was dropped', { topic, subscriber })
      }
    }
  }

  publish(topic: string, message: unknown, by: string): number {
    needTopic(topic)
    needId(by, 'publisher')
    this.#guard('publish', topic, by)
    const subscribers = this.#topics.get(topic)
    for (const subscriber of subscribers?.values() ?? []) subscriber.tell.onMessage(topic, message)
    const delivered = subscribers?.size ?? 0
    this.#counters.published += 1
    this.#counters.delivered += delivered
    return delivered
  }

  subscribe(topic: string, subscriber: string): boolean {
    needTopic(topic)
    needId(subscriber, 'subscriber')
    this.#guard('subscribe', topic, subscriber)
    return this.#add(topic, subscriber)
  }

  unsubscribe(topic: string, subscriber: string): boolean {
    const subscribers = this.#topics.get(topic)
    if (!subscribers?.delete(subscriber)) return false
    if (subscribers.size === 0) this.#topics.delete(topic)
    this.#subscriptions -= 1
    return true
  }

  topics(): [topic: string, subscribers: string[]][] {
    return [...this.#topics].map(([topic, subscribers]) => [topic, [...subscribers.keys()].sort()])
  }

  counters(): BusState['counters'] {
    return { ...this.#counters }
  }

  #guard(action: Action, topic: string, id: string): void {
    if (isAllowed(this.#config, action, topic, id)) return
    this.#counters.denied += 1
    throw refusal('ACCESS_DENIED', `The rules do not let ${id} ${action} on ${topic}.`)
  }

  #add(topic: string, subscriber: string): boolean {
    const subscribers = this.#topics.get(topic) ?? new Map<string, Ref<Subscriber>>()
    if (subscribers.has(subscriber)) return false
    if (this.#subscriptions >= maxSubscriptions) {
      throw refusal('TOO_MANY_SUBSCRIPTIONS', `The bus holds ${maxSubscriptions} subscriptions, which is its limit.`)
    }
    // Made here, so that an id that no kernel can have is refused at once and not at every publish.
    this.#topics.set(topic, subscribers.set(subscriber, this.#ctx.ref<Subscriber>(subscriber)))
    this.#subscriptions += 1
    return true
  }
}

const kernel = defineKernel({
  start(ctx: KernelContext<BusState, BusConfig>) {
    const board = new Switchboard(ctx)
    return {
      api: {
        /** Returns to how many subscribers the message was sent. */
        publish: (topic: string, message: unknown, by: string) => ({ delivered: board.publish(topic, message, by) }),
        /** False where the subscription was there already. */
        subscribe: (topic: string, subscriber: string) => board.subscribe(topic, subscriber),
        /** False where there was none. */
        unsubscribe: (topic: string, subscriber: string) => board.unsubscribe(topic, subscriber),
        topics: () => board.topics().map(([topic, subscribers]) => ({ topic, subscribers })),
        stats() {
          const topics = board.topics()
          const subscriptions = topics.reduce((sum, [, subscribers]) => sum + subscribers.length, 0)
          return { ...board.counters(), topics: topics.length, subscriptions }
        },
      },
      snapshot: (): BusState => ({ subscriptions: board.topics(), counters: board.counters() }),
    }
  },
})
export default kernel
export type MessageBus = KernelApi<typeof kernel>
