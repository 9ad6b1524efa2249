import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { incidentFileName, incidentHtml } from '../../src/dashboard/incident-html.ts'
import type { Story } from '../../src/dashboard/story-shape.ts'
import { asJson, bearer, desk } from './desk.ts'

/** By its path: it is written for the page's own settings of the compiler. */
const { storyFile } = (await import(
  fileURLToPath(new URL('../../src/dashboard/page/static.tsx', import.meta.url))
)) as { storyFile(story: Story): string }

const evil = '<script>alert(1)</script><img src=x onerror=alert(1)>'

const side = (n: number, text: string) => ({ n, parts: [{ text: `${text} ` }, { text: evil, marked: true as const }] })

const story: Story = {
  at: 5000,
  incident: {
    ...{ id: 'inc_1', kernel: 'notes', tier: 2, status: 'open', openedAt: 1000, count: 2 },
    phase: 'message',
    fingerprint: 'abc',
  },
  headline: { what: `TypeError: ${evil}`, now: 'Parked.', tone: 'bad', need: 'Mend it.' },
  errors: [
    {
      ...{ name: 'TypeError', code: 'E_CODE', message: evil, stack: evil },
      frames: [
        {
          of: 0,
          fn: 'find',
          file: 'file:///app/kernel.ts',
          line: 2,
          column: 3,
          first: 1,
          lines: ['one', evil, 'three'],
        },
        { of: 0, fn: 'outer', file: 'file:///app/kernel.ts', line: 9, column: 1, first: 9, lines: ['call()'] },
      ],
    },
    { name: 'Error', message: 'the cause', frames: [] },
  ],
  failures: [{ at: 900, phase: 'message', text: evil, same: true }],
  failuresLeftOut: 3,
  kernel: {
    state: 'quarantined.parked',
    live: true,
    budget: { failures: 3, starts: 2, attempts: 1, max: 2, maxAttempts: 3 },
  },
  ladder: [
    {
      step: 1,
      title: 'Escalated',
      at: 900,
      endAt: 1000,
      tone: 'bad',
      words: evil,
      parts: [{ at: 950, text: 'restarted', tone: 'plain' }],
    },
    { title: 'Waits for a person', at: 2000, tone: 'bad', words: 'no candidate holds', parts: [] },
  ],
  stepsLeftOut: 0,
  evidence: {
    ...{ folder: '/q/notes_1', files: [{ name: 'kernel.log', bytes: 2048 }], problems: ['error.json is missing'] },
    log: [{ level: 'error', msg: evil, time: 1 }],
    messages: [{ kind: 'ask', other: 'host', method: 'find', args: evil, answer: 'Error: no', failed: true }],
    ...{ messagesLeftOut: 4, resources: [{ name: 'Heap', value: '1 MB of 4 MB', share: 0.25 }], config: '{}' },
    flame: {
      ...{ totalMs: 10, samples: 10, leftOut: 2 },
      roots: [
        { name: 'spin', kind: 'own', file: 'file:///app/kernel.ts', line: 4, selfMs: 10, totalMs: 10, children: [] },
      ],
      hottest: [{ name: 'spin', kind: 'own', file: 'file:///app/kernel.ts', line: 4, selfMs: 10, totalMs: 10 }],
    },
    ...{ drift: ['size is 2'], damage: [] },
  },
  attempts: [
    {
      ...{ n: 1, at: 1500, agent: 'model', healedBy: 'code', outcome: 'verified', role: 'waiting', why: 'b was wrong' },
      steps: [
        {
          ...{ do: 'apply_patch', words: 'Patches kernel.ts at line 2' },
          diffs: [
            {
              ...{ file: 'kernel.ts', added: 1, removed: 1, leftOut: 0 },
              rows: [
                { kind: 'changed', left: side(2, 'old'), right: side(2, 'new') },
                { kind: 'gap' },
                { kind: 'added', right: side(9, 'more') },
              ],
            },
          ],
        },
      ],
      proof: {
        ...{ passed: true, isolation: 'permission', durationMs: 20 },
        lines: [{ name: 'check', passed: true, detail: 'It holds.', durationMs: 10 }],
      },
      cost: { durationMs: 900, sandboxRuns: 2, tokensIn: 1000, tokensOut: 500, usd: 0.25 },
    },
  ],
  attemptsLeftOut: 0,
  task: { id: 'task_1', createdAt: 1000, waits: true, expiresAt: 9000, claim: { by: 'ann', until: 8000 } },
  playbook: {
    name: 'code-abc',
    role: 'learnt',
    versions: [{ version: 1, at: 1900, change: 'generated' }],
    text: 'name: code-abc',
  },
  related: [{ id: 'inc_0', openedAt: 10, status: 'resolved', healedBy: 'state' }],
}

test('the file tells all of the story, runs nothing and asks for nothing', () => {
  // What a kernel wrote is text, and looked at below.
  const html = storyFile(story).replaceAll('&lt;img src=x onerror=alert(1)>', '')
  for (const part of [
    ...['E_CODE', 'the cause', 'called from', 'Escalated', 'Waits for a person', 'kernel.log', '2.0 KB', 'find('],
    ...[
      'It holds.',
      '1,500 tokens',
      '$ 0.25',
      'code-abc',
      'inc_0',
      'ann works on it',
      'error.json is missing',
      'size is 2',
    ],
    ...['3 failures since it was steady; 2 of 3 starts used, 1 of 3 repairs tried', 'lazaret replay inc_1', 'spin'],
  ]) {
    expect(html).toContain(part)
  }
  expect(html).not.toMatch(/<script|<link|<iframe|<img|<button|<a [^>]*href|\son\w+="/i)
  expect(html).not.toMatch(/(?:src|href|action)=|url\(|@import/)
  expect(html).toContain("default-src 'none'")
})

test('what a kernel wrote is text in it, and nothing else', () => {
  const html = storyFile(story)
  expect(html).not.toContain('<script>alert')
  expect(html).not.toContain('<img')
  expect(html.split('&lt;script>alert(1)').length).toBeGreaterThan(8)
})

test('a story of which little is known is told as well', () => {
  const { kernel: _, task: _task, playbook: _playbook, ...rest } = story
  const bare: Story = {
    ...{
      ...rest,
      errors: [{ name: 'Error', message: '', frames: [] }],
      failures: [],
      ladder: [],
      attempts: [],
      related: [],
    },
    evidence: {
      files: [],
      problems: ['there is no evidence folder'],
      log: [],
      messages: [],
      messagesLeftOut: 0,
      resources: [],
      drift: [],
      damage: [],
    },
  }
  expect(storyFile(bare)).toContain('there is no evidence folder')
})

test('without the built views it is said what builds them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-views-'))
  try {
    const missing = pathToFileURL(join(folder, 'static.js'))
    await expect(incidentHtml(story, missing)).rejects.toMatchObject({
      ...{ code: 'DASHBOARD_FAILED', hint: 'Build them: npm run build:page' },
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a name of a file holds nothing that a file system or a header minds', () => {
  expect(incidentFileName('inc_019ab3f0-1')).toBe('inc_019ab3f0-1.html')
  expect(incidentFileName('../a"\n b')).toBe('.._a___b.html')
})

test('the download is refused for what is no incident file, and without the token', async () => {
  const { app } = desk()
  const get = (path: string, headers: Record<string, string> = bearer) =>
    app.fetch(new Request(`http://localhost:4000${path}`, { headers }))
  expect((await get('/api/incidents/inc_1')).status).toBe(404)
  expect((await get('/api/incidents/inc_1.html', asJson)).status).toBe(401)
  expect((await get('/api/incidents/..%2f..%2fetc.html')).status).toBeGreaterThanOrEqual(400)
})
