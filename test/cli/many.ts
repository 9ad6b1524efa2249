/**
 * Many command lines in one process, for tests of what is said: a process each costs a second of CPU time. Argument: the
 * command lines as JSON. Prints what each ended with, as JSON.
 */
import { main } from '../../src/cli/program.ts'
import type { Ended } from './cli.ts'

const results: Ended[] = []
const write = process.stdout.write.bind(process.stdout)
for (const argv of JSON.parse(process.argv[2] ?? '[]') as string[][]) {
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (text: string | Uint8Array) => {
      said[name] += String(text)
      return true
    }
  }
  process.exitCode = undefined
  results.push({ code: await main(argv), ...said })
}
process.exitCode = 0
write(JSON.stringify(results))
