/**
 * The runtime's own bus, for kernels: open incidents, the degraded mode, coding tasks, playbooks. A topic keeps what holds now and
 * gives it to a new subscriber first, so that a kernel that was down misses nothing.
 */
import type { BusTopics } from '../actor/kernel.ts'
import type { Thread } from '../actor/thread.ts'

export type Topic = keyof BusTopics
const topics: readonly string[] = [
  'event.incident',
  'system.degraded_mode',
  'coding_agent.task_create',
  'coding_agent.task_claimed',
  'coding_agent.task_released',
  'coding_agent.task_closed',
  'playbook.changed',
] satisfies Topic[]

export class RuntimeBus {
  readonly #subscribers = new Map<string, Set<Thread>>()
  readonly #current: { readonly [T in Topic]?: () => BusTopics[T][] }

  /** @param current for each topic what holds now. */
  constructor(current: { readonly [T in Topic]?: () => BusTopics[T][] }) {
    this.#current = current
  }

  publish<T extends Topic>(topic: T, payload: BusTopics[T]): void {
    for (const thread of this.#subscribers.get(topic) ?? []) thread.post([{ t: 'bus', topic, payload }])
  }

  /** False where there is no such topic. */
  subscribe(topic: string, thread: Thread): boolean {
    if (!topics.includes(topic)) return false
    const subscribers = this.#subscribers.get(topic) ?? new Set()
    subscribers.add(thread)
    this.#subscribers.set(topic, subscribers)
    for (const payload of this.#current[topic as Topic]?.() ?? []) thread.post([{ t: 'bus', topic, payload }])
    return true
  }

  unsubscribe(topic: string, thread: Thread): void {
    this.#subscribers.get(topic)?.delete(thread)
  }

  forget(thread: Thread): void {
    for (const subscribers of this.#subscribers.values()) subscribers.delete(thread)
  }
}
