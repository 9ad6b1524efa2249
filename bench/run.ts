/** `npm run -s bench -- <subject>`: claims are measured here, as ratios in one run. */
import { failover } from './failover.ts'
import { sandbox } from './sandbox.ts'

const subjects: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = { failover, sandbox }

const [name = '', ...args] = process.argv.slice(2)
const subject = subjects[name]
if (subject === undefined) {
  process.stderr.write(`bench: a subject is one of ${Object.keys(subjects).join(', ')}. Got: ${JSON.stringify(name)}\n`)
  process.exitCode = 2
} else await subject(args)
