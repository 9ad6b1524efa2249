/** How often a kernel that always fails is started, counted by a file that it appends to itself. */
import { expect, test } from 'vitest'
import { fast, house, kernelOf } from '../support/house.ts'
import { isWhole } from '../support/whole.ts'

const started = "append('starts', ctx.id)"
const idle = 'return { api: {} }'

/** Every way to fail again and again. */
const ways: Readonly<Record<string, { source: string; limits?: Record<string, number> }>> = {
  'throw in start': { source: kernelOf(`${started}\nthrow new Error('never')`) },
  'late throw': { source: kernelOf(`${started}\nsetTimeout(() => { throw new Error('late') }, 5)\n${idle}`) },
  'late rejection': { source: kernelOf(`${started}\nsetTimeout(() => Promise.reject(new Error('late')), 5)\n${idle}`) },
  'throw undefined': { source: kernelOf(`${started}\nthrow undefined`) },
  'late throw undefined': { source: kernelOf(`${started}\nsetTimeout(() => { throw undefined }, 5)\n${idle}`) },
  'exit 0': { source: kernelOf(`${started}\nsetTimeout(() => process.exit(0), 5)\n${idle}`) },
  'exit 1': { source: kernelOf(`${started}\nprocess.exit(1)`) },
  spin: { source: kernelOf(`${started}\nsetTimeout(() => { for (;;); }, 5)\n${idle}`) },
  'spin in start': { source: kernelOf(`${started}\nfor (;;);`) },
  'out of memory': {
    source: kernelOf(`${started}\nconst held = []\nfor (;;) held.push(String(held.length).repeat(40) + held.length)`),
    limits: { heapMb: 16 },
  },
  'start that never ends': { source: kernelOf(`${started}\nawait new Promise(() => {})`), limits: { startMs: 3000 } },
  'closed port': {
    source: kernelOf(`${started}\nparentPort.close()\n${idle}`, "import { parentPort } from 'node:worker_threads'"),
  },
}

test.each(isWhole ? [0, 1, 3] : [0, 2])(
  'a kernel that always fails is started 1 + %i times, however it fails',
  { timeout: 120_000 },
  async (max) => {
    const names = Object.keys(ways)
    const kernels = names.map((name, index) => ({
      ...{ id: `way-${String.fromCharCode(97 + index)}`, source: ways[name]?.source ?? '' },
      ...{ restart: { max, stableMs: 60_000, ...fast }, heartbeat: { timeoutMs: 800 } },
      limits: { startMs: 20_000, ...ways[name]?.limits },
      // The subject is the starts: what might be done about each failure is another test's.
      repair: { autonomy: 'observe' as const },
    }))
    await using place = await house(kernels)
    for (const { id } of kernels) {
      await place.seen(({ type, kernel }) => type === 'kernel.parked' && kernel === id, 60_000)
    }
    const counts = names.map((name, index) => {
      const id = kernels[index]?.id
      return [name, place.lines('starts').filter((line) => line === id).length]
    })
    expect(Object.fromEntries(counts)).toEqual(Object.fromEntries(names.map((name) => [name, 1 + max])))
    for (const { state, servedBy } of place.runtime.status()) {
      expect({ state, servedBy }).toEqual({ state: 'quarantined.parked', servedBy: 'buffer' })
    }
  },
)

test('a hang that is found only after stableMs is still a failure', async () => {
  const source = kernelOf(`${started}\nsetTimeout(() => { for (;;); }, 5)\n${idle}`)
  await using place = await house([
    { id: 'hangs', source, restart: { max: 1, stableMs: 100, ...fast }, heartbeat: { timeoutMs: 500 } },
  ])
  await place.seen(({ type }) => type === 'kernel.parked')
  expect(place.lines('starts')).toHaveLength(2)
  expect(place.of('snapshot.golden')).toEqual([])
})

test('an error of the module graph is permanent: no second start', async () => {
  const top = "import { appendFileSync } from 'node:fs'\nappendFileSync('FOLDER/imports', 'once\\n')\n"
  // The subject is the starts; one of them is tried, to see what is said of that.
  const untried = { repair: { autonomy: 'observe' as const } }
  await using place = await house([
    { id: 'missing-file', ...untried, source: "import './nowhere.ts'\nexport default 1\n" },
    { id: 'missing-package', source: "import 'no-such-package-anywhere'\nexport default 1\n" },
    { id: 'missing-export', ...untried, source: "import { nothing } from 'node:fs'\nexport default nothing\n" },
    { id: 'syntax', ...untried, source: 'export default {{\n' },
    { id: 'no-kernel', ...untried, source: `${top}export default { start() {} }\n` },
    { id: 'late-import', ...untried, source: kernelOf("append('imports', 'late')\nawait import('./nowhere.ts')") },
  ])
  const parked = () => place.of('kernel.parked').length
  if (parked() < 6) await place.seen(() => parked() === 6, 60_000)
  for (const { id, state, starts } of place.runtime.status()) {
    expect({ id, state, starts }).toMatchObject({ id, state: 'quarantined.parked', starts: { first: 1, restart: 0 } })
  }
  expect(place.lines('imports').sort()).toEqual(['late', 'once'])
  const whys = place.of('kernel.parked', 'missing-package').map(({ why }) => why)
  expect(whys).toEqual([expect.stringMatching(/^language-service: TypeScript .* no correction .* was found$/)])
  const syntax = place.of('kernel.crashed', 'syntax')[0]
  expect(JSON.stringify(syntax?.error)).toContain('kernel.ts')
})

test('an error that merely looks like one of syntax is not permanent', async () => {
  await using place = await house([
    {
      id: 'parses',
      source: kernelOf("append('starts', 'x')\nJSON.parse('{')"),
      restart: { max: 1, stableMs: 60_000, ...fast },
    },
  ])
  expect(place.lines('starts')).toHaveLength(2)
})

test('failures are forgotten after stableMs of running, and not before', async () => {
  const source = kernelOf(`${started}\nreturn { api: { fail() { null.x } } }`)
  await using place = await house([{ id: 'now-and-then', source, restart: { max: 1, stableMs: 300, ...fast } }])
  const kernel = place.runtime.ref('now-and-then')
  for (let round = 1; round <= 3; round++) {
    const steady = () => place.runtime.status()[0]?.state === 'running.steady'
    if (!steady())
      await place.seen(({ type }) => place.of('snapshot.golden').length >= round && type === 'snapshot.golden')
    await kernel.ask.fail?.(round).catch(() => 'crashed')
    await place.seen(() => place.of('kernel.restarted').length === round || place.of('kernel.parked').length > 0)
    await place.seen(() => place.of('snapshot.golden').length > round)
  }
  expect(place.lines('starts')).toHaveLength(4)
  expect(place.of('restart.exhausted')).toEqual([])
})
