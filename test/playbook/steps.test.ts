/** What a step of a playbook file may say: every step's shape, the limit of each key and one past it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { LazaretError } from '../../src/base/errors.ts'
import { limits } from '../../src/base/limits.ts'
import { type RemedyStep, stepNames } from '../../src/base/remedy.ts'
import { addPlaybook } from '../../src/playbook/document.ts'
import { type Playbook, readPlaybookFile } from '../../src/playbook/schema.ts'

const sha = 'ab'.repeat(32)
const ms = limits.playbookStepMsCeiling

function book(...steps: readonly RemedyStep[]): Playbook {
  return {
    ...{ kernel: 'notes', name: 'one', trust: 'trial', fingerprint: 'abcdef0123456789', steps, why: 'because' },
    ...{ failure: { error: 'Error: x', phase: 'message' }, successes: 0, failures: 0 },
  } as Playbook
}

/** Reads a file with these steps as a person would write them. */
function read(...steps: readonly unknown[]): readonly RemedyStep[] {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-books-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'notes_failure_remediation.yaml')
  const failure = { error: 'Error: x', phase: 'message' }
  const one = { name: 'one', fingerprint: 'abcdef0123456789', failure, steps, why: 'because' }
  writeFileSync(
    file,
    stringify({ version: 1, kernel: 'notes', playbooks: [one] }, { lineWidth: 0, aliasDuplicateObjects: false }),
  )
  return readPlaybookFile(file)[0]?.steps ?? []
}

function refusal(...steps: readonly unknown[]): LazaretError['details'] & { message: string } {
  try {
    read(...steps)
  } catch (thrown) {
    if (thrown instanceof LazaretError) return { ...thrown.details, message: thrown.message }
    throw thrown
  }
  throw new Error('it was accepted')
}

const everyStep: readonly RemedyStep[] = [
  { do: 'restore_state', onlyIf: { phase: 'start' } },
  { do: 'restore_config', timeoutMs: ms },
  { do: 'restore_code', onlyIf: { fileSha256: { file: 'kernel.ts', is: sha } } },
  { do: 'apply_patch', file: 'kernel.ts', preimageSha256: sha, patch: '@@ -1 +1 @@\n-a\n+b\n' },
  {
    do: 'set_config',
    key: 'retry.max',
    value: { a: [1, null, 'x'] },
    onlyIf: { config: { key: 'retry.max', equals: 0 } },
  },
  { do: 'set_limit', limit: 'heapMb', value: limits.heapMbFloor },
  { do: 'park_message', method: 'find', argsSha256: sha },
  {
    do: 'park_pattern',
    method: 'find',
    where: [
      { path: '0.query', is: 'null' },
      { path: '1', equals: null },
    ],
  },
  { do: 'clear_folder', folder: 'cache/pages' },
  { do: 'ask', kernel: 'memory', method: 'flush', args: ['a', 1], expect: true, undo: { method: 'fill', args: [] } },
  { do: 'reroute', to: 'memory', onlyIf: { kernel: { id: 'memory', serves: true } } },
  { do: 'wait', ms: 1 },
  { do: 'notify', text: 'look at the disk', timeoutMs: 1 },
  { do: 'restart' },
]

test('each of the steps is written and read back as it was', () => {
  expect(everyStep.map((step) => step.do).toSorted()).toEqual([...stepNames].toSorted())
  // Written back through the same check that every change goes through.
  expect(addPlaybook(undefined, book(...everyStep))).toContain('only_if:')
})

const pattern = (where: unknown) => ({ do: 'park_pattern', method: 'find', where })
const term = { path: '0', is: 'null' }

test.each<[string, unknown]>([
  ['a value at the floor', { do: 'set_limit', limit: 'heapMb', value: limits.heapMbFloor }],
  ['a value at the ceiling', { do: 'set_limit', limit: 'externalMb', value: limits.externalMbCeiling }],
  ['the longest timer', { do: 'set_limit', limit: 'askMs', value: limits.timerMs }],
  ['the longest wait', { do: 'wait', ms: limits.playbookWaitMs }],
  ['the longest timeout', { do: 'restart', timeout_ms: ms }],
  ['the longest text', { do: 'notify', text: 'x'.repeat(limits.playbookNotifyChars) }],
  ['as many terms as there may be', pattern(Array(limits.patternTerms).fill(term))],
  ['the longest key', { do: 'set_config', key: 'k'.repeat(limits.dottedPathChars), value: null }],
  ['the longest folder', { do: 'clear_folder', folder: 'f'.repeat(limits.dottedPathChars) }],
  ['no arguments', { do: 'ask', kernel: 'memory', method: 'flush' }],
])('%s is accepted', (_, step) => {
  expect(read(step)).toHaveLength(1)
})

test.each<[string, unknown, string, string]>([
  ['an unknown step', { do: 'reboot' }, 'do', 'one of restore_state'],
  [
    'a value below the floor',
    { do: 'set_limit', limit: 'heapMb', value: limits.heapMbFloor - 1 },
    'value',
    'from 16 to',
  ],
  ['a value past the ceiling', { do: 'set_limit', limit: 'externalMb', value: 65_537 }, 'value', '(MB)'],
  ['a limit that there is not', { do: 'set_limit', limit: 'cpu', value: 1 }, 'limit', 'one of heapMb'],
  ['a longer wait', { do: 'wait', ms: limits.playbookWaitMs + 1 }, 'ms', 'milliseconds'],
  ['a wait of nothing', { do: 'wait', ms: 0 }, 'ms', 'from 1'],
  ['a longer timeout', { do: 'restart', timeout_ms: ms + 1 }, 'timeout_ms', 'milliseconds'],
  ['a wait with a timeout', { do: 'wait', ms: 1, timeout_ms: 5 }, 'timeout_ms', 'one of the keys'],
  ['a longer text', { do: 'notify', text: 'x'.repeat(limits.playbookNotifyChars + 1) }, 'text', '1000 characters'],
  ['one term more', pattern(Array(limits.patternTerms + 1).fill(term)), 'where', '1 to 8 terms'],
  ['a pattern without terms', pattern([]), 'where', '1 to 8 terms'],
  ['a term with both', pattern([{ path: '0', is: 'null', equals: 1 }]), 'where[0]', 'either is or equals'],
  ['a term with neither', pattern([{ path: '0' }]), 'where[0]', 'either is or equals'],
  ['an unknown kind', pattern([{ path: '0', is: 'nul' }]), 'where[0].is', 'undefined, null'],
  ['a path without an index', pattern([{ path: 'query', is: 'null' }]), 'where[0].path', "argument's index"],
  [
    'a longer key',
    { do: 'set_config', key: 'k'.repeat(limits.dottedPathChars + 1), value: 1 },
    'key',
    '200 characters',
  ],
  ['a key of the prototype', { do: 'set_config', key: 'a.constructor', value: 1 }, 'key', 'dotted'],
  ['a key without a value', { do: 'set_config', key: 'a' }, 'value', 'the value to use'],
  ['a folder above', { do: 'clear_folder', folder: '../other' }, 'folder', 'inside the kernel'],
  ['the whole data folder', { do: 'clear_folder', folder: '.' }, 'folder', 'inside the kernel'],
  ['an absolute folder', { do: 'clear_folder', folder: '/tmp' }, 'folder', 'inside the kernel'],
  ['a longer folder', { do: 'clear_folder', folder: 'f'.repeat(limits.dottedPathChars + 1) }, 'folder', 'inside'],
  ['no kernel id', { do: 'reroute', to: 'no kernel' }, 'to', 'lower-case words'],
  ['an undo of a wait', { do: 'wait', ms: 1, undo: {} }, 'undo', 'one of the keys'],
  ['an undo without a method', { do: 'ask', kernel: 'a', method: 'm', undo: { args: [] } }, 'undo.method', 'method'],
  [
    'two preconditions',
    { do: 'restart', only_if: { phase: 'idle', config: { key: 'a', equals: 1 } } },
    'only_if',
    'one of',
  ],
  ['no precondition', { do: 'restart', only_if: {} }, 'only_if', 'with one of the keys config, phase, kernel'],
  ['another kernel in the sandbox', { do: 'restore_state', only_if: { kernel: {} } }, 'only_if.kernel', 'file_sha256'],
  [
    'a file in service',
    { do: 'restart', only_if: { file_sha256: {} } },
    'only_if.file_sha256',
    'config, phase, kernel',
  ],
  ['a bad hash', { do: 'park_message', method: 'm', args_sha256: 'AB' }, 'args_sha256', 'SHA-256'],
])('%s is refused, with the key, what is accepted and what was got', (_, step, key, accepted) => {
  const refused = refusal(step)
  expect(refused.key).toBe(`playbooks[0].steps[0].${key}`)
  expect(String(refused.accepted)).toContain(accepted)
  expect(refused.message).toMatch(/notes_failure_remediation\.yaml:\d+: .*Got: /)
})

test('restart stands once, and no message is rerouted after it', () => {
  expect(refusal({ do: 'restart' }, { do: 'restart' })).toMatchObject({ key: 'playbooks[0].steps[1].do' })
  expect(refusal({ do: 'restart' }, { do: 'reroute', to: 'b' })).toMatchObject({ key: 'playbooks[0].steps[1].do' })
})

test('as many steps as there may be are accepted, and not one more', () => {
  const steps = Array(limits.playbookSteps).fill({ do: 'restore_state' })
  expect(read(...steps)).toHaveLength(limits.playbookSteps)
  expect(refusal(...steps, { do: 'restore_state' }).key).toBe('playbooks[0].steps')
})
