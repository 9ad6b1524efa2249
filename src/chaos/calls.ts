/**
 * What the callers of the stress run want of each kernel: one round of work. A tell carries a token in its arguments, so
 * that its fate can be told; the first ask of a kernel is also the one by which it is judged whether it serves.
 */

export type Remote = Record<string, ((...args: unknown[]) => unknown) | undefined>

export interface Call {
  readonly kernel: string
  readonly kind: 'ask' | 'tell'
  /** May be handled twice: it does the same then. */
  readonly idempotent?: true
  run(remote: Remote, token: string, place: Place): unknown
}

/** What the callers themselves offer. */
export interface Place {
  /** URL at which the callers receive what webhooks deliver. */
  readonly hookUrl: string
}

function task(token: string) {
  return { task: token, type: 'stress', kernel: 'nobody', error: 'none', priority: 1 }
}

const requestMs = 4000

/** As the world comes in: over a socket, to the port where the front listens now. Any answer of it is an answer. */
async function request(front: Remote, path: string): Promise<number> {
  const at = (await front.address?.()) as { port: number }
  const headers = { connection: 'close' }
  const signal = AbortSignal.timeout(requestMs)
  const response = await fetch(`http://127.0.0.1:${at.port}${path}`, { headers, signal })
  await response.text()
  return response.status
}

const letter = (token: string, { hookUrl }: Place) => ({ to: hookUrl, subject: 'stress', body: token })

export const calls: readonly Call[] = [
  {
    kernel: 'memory_fusion',
    kind: 'tell',
    run: (to, token) => to.remember?.(token, `A note on ${token}.`, ['stress']),
  },
  { kernel: 'immutable_log', kind: 'tell', run: (to, token) => to.append?.({ token }) },
  { kernel: 'message_bus', kind: 'tell', run: (to, token) => to.publish?.('stress.news', { token }, 'scheduler') },
  { kernel: 'memory_fusion', kind: 'ask', run: (to, token) => to.recall?.(`note ${token}`, 3) },
  { kernel: 'coding_agent', kind: 'tell', run: (to, token) => to.add?.(task(token)) },
  { kernel: 'immutable_log', kind: 'ask', run: (to) => to.head?.() },
  { kernel: 'coding_agent', kind: 'ask', run: (to) => to.stats?.() },
  { kernel: 'scheduler', kind: 'tell', run: (to, token) => to.cancel?.(token) },
  { kernel: 'scheduler', kind: 'ask', run: (to) => to.jobs?.() },
  { kernel: 'message_bus', kind: 'ask', idempotent: true, run: (to) => to.stats?.() },
  // Kernels that others call.
  // The webhooks sign with it.
  { kernel: 'vault', kind: 'tell', run: (to, token) => to.put?.('webhooks.signing', token) },
  { kernel: 'vault', kind: 'ask', run: (to) => to.names?.() },
  { kernel: 'policy', kind: 'tell', run: (to, token) => to.allowed?.(token, 'read', 'records') },
  { kernel: 'policy', kind: 'ask', idempotent: true, run: (to) => to.allowed?.('stress', 'read', 'records') },
  { kernel: 'sessions', kind: 'tell', run: (to, token) => to.open?.(token) },
  { kernel: 'sessions', kind: 'ask', run: (to) => to.count?.() },
  { kernel: 'rate_limits', kind: 'tell', run: (to, token) => to.take?.(token) },
  { kernel: 'rate_limits', kind: 'ask', run: (to, token) => to.take?.(token) },
  { kernel: 'feature_flags', kind: 'tell', run: (to, token) => to.isOn?.('stress', token) },
  { kernel: 'feature_flags', kind: 'ask', idempotent: true, run: (to) => to.isOn?.('stress', 'everybody') },
  { kernel: 'records', kind: 'tell', run: (to, token) => to.put?.('stress', token, { text: token }) },
  { kernel: 'records', kind: 'ask', run: (to) => to.count?.() },
  { kernel: 'search', kind: 'tell', run: (to, token) => to.onMessage?.('stress.news', { token }) },
  { kernel: 'search', kind: 'ask', idempotent: true, run: (to, token) => to.recall?.(`stress ${token}`, 3) },
  { kernel: 'templates', kind: 'tell', run: (to, token) => to.define?.('stress', `Dear {{ name }}, ${token}.`) },
  { kernel: 'templates', kind: 'ask', run: (to, token) => to.render?.('stress', { name: token }) },
  { kernel: 'webhooks', kind: 'tell', idempotent: true, run: (to, token, at) => to.send?.(letter(token, at)) },
  { kernel: 'webhooks', kind: 'ask', run: (to) => to.stats?.() },
  // What a flush hands over may come back by the webhooks' route; the outbox knows it again by its id.
  { kernel: 'outbox', kind: 'tell', idempotent: true, run: (to, token, at) => to.send?.(letter(token, at)) },
  { kernel: 'outbox', kind: 'ask', run: (to) => to.pending?.() },
  { kernel: 'outbox', kind: 'ask', run: (to) => to.flush?.(20) },
  {
    kernel: 'imports',
    kind: 'tell',
    run: (to, token) => to.importCsv?.('csv', `id,name\nrow,${token}\n`, { id: 'id' }),
  },
  {
    kernel: 'imports',
    kind: 'ask',
    run: (to, token) => to.importCsv?.('csv', `id,name\nrow,${token}\n`, { id: 'id' }),
  },
  { kernel: 'reports', kind: 'tell', run: (to, token) => to.last?.(token) },
  { kernel: 'reports', kind: 'ask', run: (to) => to.build?.() },
  { kernel: 'http_front', kind: 'tell', run: (to, token) => to.stats?.(token) },
  { kernel: 'http_front', kind: 'ask', run: (to, token) => request(to, `/search?q=${token}`) },
  { kernel: 'host_health', kind: 'tell', run: (to, token) => to.now?.(token) },
  { kernel: 'host_health', kind: 'ask', run: (to) => to.now?.() },
  { kernel: 'healing_stats', kind: 'tell', run: (to, token) => to.of?.(token) },
  { kernel: 'healing_stats', kind: 'ask', run: (to) => to.summary?.() },
  { kernel: 'healing_stats', kind: 'ask', run: (to, token) => to.of?.(token) },
]
