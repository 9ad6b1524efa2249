/**
 * What must hold for the front before it rejoins. The kernels behind it do not answer here, so every answer is one about
 * their absence, or about a request that is refused before anybody is asked. Requests come from inside, without a socket:
 * in the sandbox there is no network, and a front with a port cannot start there at all (CAGE_UNSUITABLE).
 */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { HttpFront, InsideRequest } from './kernel.ts'

export default defineCheck<HttpFront>(async ({ ask }) => {
  const before = await ask.stats()
  const request = async (method: string, path: string, more: Partial<InsideRequest> = {}) => {
    const { status, headers, body } = await ask.answer({ method, path, ...more })
    return { status, headers, json: JSON.parse(body) as Record<string, unknown> }
  }
  const health = await request('GET', '/health')
  assert.equal(health.status, 200, 'whoever is not known to be ill is served')
  const unknown = { healthy: null, healing: null, missing: ['host_health', 'healing_stats'] }
  assert.deepEqual({ ...health.json, degraded: [] }, { ...unknown, degraded: [] })

  for (const path of ['/flags/dark', '/search?q=words', '/records/ship/1']) {
    const { status, headers } = await request('GET', path)
    assert.equal(status, 503, path)
    assert.ok(Number(headers['retry-after']) > 0, `${path} says when to come again`)
  }
  // A write whose point cannot be taken is not carried out.
  const json = { headers: { 'content-type': 'application/json' }, body: '{"user":"ada"}' }
  assert.equal((await request('POST', '/sessions', json)).status, 503)
  assert.equal((await request('PUT', '/records/ship/1', json)).status, 503)

  assert.equal((await request('GET', '/search?q=%20')).status, 400)
  assert.equal((await request('GET', '/nowhere')).status, 404)
  assert.equal((await request('GET', '/health', { headers: { host: 'evil.example' } })).status, 421)
  await assert.rejects(ask.answer({ method: 'GET', path: 'health' }))
  await assert.rejects(ask.answer({ method: 'GET', path: '/health', body: 'a GET has none' }))
  await assert.rejects(ask.answer(null as never))

  const after = await ask.stats()
  assert.equal(after.requests - before.requests, 9)
  assert.equal((after.byStatus['503'] ?? 0) - (before.byStatus['503'] ?? 0), 5)
  assert.equal(
    after.unlimited - before.unlimited,
    6,
    'reads go through while the rate limits are away, and are counted',
  )
})
