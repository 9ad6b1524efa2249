/**
 * A host process that runs the ladder and, at a chosen point, kills itself as a power cut would: kill -9.
 * Arguments: folder, point, phase (`break` or `resume`), and what becomes of a repair (`hotfix` or `source`).
 * A point is an event (`type` or `type#n`), a cut between two of them (cuts.ts), or `none` to go on to the end.
 * Prints one JSON line when it ends by itself.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRuntime } from '../../src/index.ts'
import { cutAt } from './cuts.ts'

const [folder = '', point = 'none', phase = 'break', apply = 'hotfix'] = process.argv.slice(2)
const [type, nth = '1'] = point.split('#')
cutAt(point, folder)
/** Without one two remedies hold for the failure, and the first of them does not stand on probation. */
const hasCheck = existsSync(join(folder, 'check.ts'))
const runtime = createRuntime({
  fleet: {
    kernels: [
      {
        id: 'notes',
        entry: join(folder, 'kernel.ts'),
        config: { prefix: 'n' },
        restart: { max: 2, stableMs: 1500, backoffMs: 10, backoffMaxMs: 20 },
        heartbeat: { timeoutMs: 1000 },
        snapshot: { everyMs: 150 },
      },
    ],
  },
  ...{ dataDir: join(folder, '.lazaret'), quarantineDir: join(folder, '.quarantine') },
  ...{ playbooksDir: join(folder, 'playbooks'), log: false, apply: apply === 'source' ? 'source' : 'hotfix' },
})

const seen: string[] = []
let met = 0
runtime.on('event', (event) => {
  seen.push(event.type)
  if (event.type !== type) return
  met += 1
  if (met === Number(nth)) process.kill(process.pid, 'SIGKILL')
})
const until = (wanted: readonly string[]) =>
  new Promise<string>((resolve) => {
    const there = seen.find((name) => wanted.includes(name))
    if (there !== undefined) resolve(there)
    runtime.on('event', (event) => {
      if (wanted.includes(event.type)) resolve(event.type)
    })
  })

/** Whoever reads the failure must see how far it came. */
function giveUp(why: unknown): never {
  process.stdout.write(`${JSON.stringify({ late: true, why: String(why), seen, status: runtime.status() })}\n`)
  process.exit(3)
}
const deadline = setTimeout(() => giveUp('120 s are over'), 120_000)
process.on('uncaughtException', giveUp)

/** The misspelling, in each file that has the place for it. */
function misspell(): void {
  for (const name of ['kernel.ts', 'match.ts']) {
    const file = join(folder, name)
    if (!existsSync(file)) continue
    const text = readFileSync(file, 'utf8')
    writeFileSync(
      file,
      text.replace('text.includes(query)', 'text.inclodes(query)').replace('matches(text, ', 'matches(text.trym(), '),
    )
  }
}

// Without a check the code is bad from the first start on, and only a state that reaches it shows that.
if (phase === 'break' && !hasCheck) misspell()
const before = await runtime.start()
const notes = runtime.ref('notes').with({ deadlineMs: 300 })
if (phase === 'break') {
  // The state in which the bad code is never reached is golden where there is no check.
  if (hasCheck) await notes.ask.put?.('a', 'alpha')
  await until(['snapshot.golden'])
  if (hasCheck) misspell()
  // An edit that changes nothing: the language service looks at what is new.
  else appendFileSync(join(folder, 'kernel.ts'), '// edited\n')
  await runtime.kernel('notes').restart()
  if (!hasCheck) {
    await notes.ask.put?.('a', 'alpha')
    for (let taken = 0; taken < 2; taken += 1) {
      await new Promise<void>((resolve) => {
        const off = runtime.on('event', (event) => {
          if (event.type !== 'snapshot.taken') return
          off()
          resolve()
        })
      })
    }
  }
}
const resumed = runtime.journal.events({ type: 'kernel.resumed' }).at(-1)
// Queries that differ, so that the code is at fault and not one message.
const isOver = (turn: number) =>
  seen.some((name) => name === 'kernel.recovered' || name === 'kernel.parked') || (hasCheck && turn >= 40)
const isWell = () => phase === 'resume' && seen.includes('snapshot.golden')
for (let turn = 0; !isOver(turn) && !isWell(); turn++) {
  // Where the state was given up for nothing, it is what shows the failure again.
  if (!hasCheck && seen.includes('kernel.rejoined')) await notes.ask.put?.('b', 'beta').catch(() => 'out of service')
  await notes.ask.find?.(`query ${process.pid} ${turn}`).catch(() => 'out of service, or crashed')
}
// Golden: steady, whether there was anything left to recover from or not.
await until(['kernel.recovered', 'kernel.parked', ...(phase === 'resume' ? ['snapshot.golden'] : [])])
if (phase === 'break' && apply === 'source') await until(['hotfix.written', 'kernel.parked'])
await notes.with({ deadlineMs: 5000 }).ask.put?.('z', 'omega')
const found = await notes.with({ deadlineMs: 5000 }).ask.find?.('mega')
const status = runtime.status()[0]
const hotfixes = runtime.journal.hotfixes('notes').map((row) => row.status)
const incidents = runtime.journal.incidents().map((row) => row.status)
const healedBy = runtime.journal.incidents().map((row) => row.healedBy)
const playbooks = runtime.playbooks.list().map(({ trust, successes }) => ({ trust, successes }))
await runtime.stop()
clearTimeout(deadline)
process.stdout.write(
  `${JSON.stringify({ before, resumed, found, status, hotfixes, incidents, healedBy, playbooks, seen })}\n`,
)
