/**
 * A host process that heals a kernel of a poison message, and ends as in a power cut as soon as that is done.
 * Argument: the folder of a ladder.
 */
import { climb } from '../five-steps/ladder.ts'

const [folder = ''] = process.argv.slice(2)
const ladder = await climb({ folder, keep: true })
const recovered = ladder.until('kernel.recovered')
const { ask } = ladder.runtime.ref('notes')
await ask.put?.('a', 'alpha')
await ask.recall?.('lph', 0)
await ask.recall?.(null, 1).catch(() => 'it goes down with this')
await recovered
process.kill(process.pid, 'SIGKILL')
