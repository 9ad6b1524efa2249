/** `lazaret playbooks` in processes of its own: files alone, and a running fleet. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/base/hash.ts'
import { cli, folderWith, start } from './cli.ts'

const kernel = `import { defineKernel } from 'lazaret/kernel'

export default defineKernel({
  async start(ctx) {
    return {
      api: {
        add: (n) => n + 1,
      },
    }
  },
})
`
const patch = `--- a/kernel.ts
+++ b/kernel.ts
@@ -5,5 +5,5 @@
     return {
       api: {
-        add: (n) => n + 1,
+        add: (n) => n + 2,
       },
     }
`

interface Entry {
  readonly name: string
  readonly trust?: string
  readonly steps: readonly object[]
}

const fix = { do: 'apply_patch', file: 'kernel.ts', preimage_sha256: sha256(kernel), patch }

/** JSON is YAML. */
function file(id: string, ...entries: readonly Entry[]): string {
  const rest = { fingerprint: 'abcdef0123456789', failure: { error: 'Error: x', phase: 'message' }, why: 'w' }
  const playbooks = entries.map((entry) => ({ ...rest, ...entry }))
  return JSON.stringify({ version: 1, kernel: id, playbooks }, null, 2)
}

async function folder(playbooks: Readonly<Record<string, string>>, source = kernel): Promise<string> {
  const root = await folderWith({
    ...{ 'package.json': '{"type":"module"}', 'kernel.ts': source },
    'fleet.yaml': 'kernels:\n  - id: alpha\n    entry: kernel.ts\n',
  })
  mkdirSync(join(root, 'playbooks'))
  for (const [id, text] of Object.entries(playbooks)) {
    writeFileSync(join(root, 'playbooks', `${id}_failure_remediation.yaml`), text)
  }
  return root
}

test('lint names file, line and key of what is wrong, ends with 2, and warns of what no parser can know', async () => {
  const never = { do: 'ask', kernel: 'alpha', method: 'add' }
  const root = await folder(
    {
      alpha: file(
        'alpha',
        { name: 'fits', steps: [fix] },
        { name: 'twin', trust: 'suspended', steps: [fix] },
        { name: 'gone', steps: [{ ...fix, file: 'gone.ts', patch: patch.replaceAll('kernel.ts', 'gone.ts') }] },
        { name: 'live', steps: [never, { do: 'reroute', to: 'nobody' }] },
        { name: 'when', steps: [{ do: 'restore_state', only_if: { phase: 'start' } }] },
      ),
      beta: file('beta', { name: 'b', steps: [{ do: 'restore_state' }] }),
    },
    kernel.replace('n + 1', 'n + 9'),
  )
  const warned = await cli(root, 'playbooks', 'lint', '--fleet', 'fleet.yaml')
  expect(warned.stderr).toBe('')
  for (const said of [
    'step 1, apply_patch: its patch no longer fits kernel.ts',
    'twin is suspended, and fits does the same to the same failure',
    'step 1, apply_patch: its file gone.ts is missing',
    'live changes nothing that the sandbox replays',
    'step 1, ask: it must fail: the kernel is out of service until restart',
    'step 2, reroute: it must fail: the fleet has no kernel nobody',
    'step 1, restore_state: it can never run: the failure is in message, its precondition wants start',
    'beta_failure_remediation.yaml:3: the fleet has no kernel beta',
    '2 files, 0 errors, 9 warnings.',
  ]) {
    expect(warned.stdout).toContain(said)
  }
  expect(warned.code).toBe(0)
  const bad = join(root, 'playbooks', 'beta_failure_remediation.yaml')
  writeFileSync(
    bad,
    file('beta', {
      name: 'b',
      steps: [
        { do: 'wait', ms: 0 },
        { do: 'restart', when: 1 },
      ],
    }),
  )
  const refused = await cli(root, 'playbooks', 'lint', bad, '--json')
  expect(refused.code).toBe(2)
  expect(JSON.parse(refused.stdout)).toMatchObject({
    ...{ files: 1, errors: 2, warnings: 0 },
    findings: [{ level: 'error', key: 'playbooks[0].steps[1].when', line: expect.any(Number) }, { level: 'error' }],
  })
})

test('without a runtime the files are shown, and dry-run says where a patch fits and what it cannot know', async () => {
  const live = { do: 'ask', kernel: 'other', method: 'm', only_if: { phase: 'message' } }
  const root = await folder({ alpha: file('alpha', { name: 'fits', steps: [fix, live] }) }, `// one more\n${kernel}`)
  const shown = await cli(root, 'playbooks', 'show', 'alpha')
  expect(shown.stdout).toContain('1. apply_patch  Patches kernel.ts at line 7 (1 hunk, 1 out, 1 in).')
  expect(shown.stdout).toContain('only if the kernel failed in message')
  const dry = await cli(root, 'playbooks', 'dry-run', 'alpha', '--fleet', 'fleet.yaml', '--json')
  expect(JSON.parse(dry.stdout)).toMatchObject([
    {
      playbook: 'fits',
      steps: [
        { n: 1, outcome: 'would be done', detail: 'Its hunks fit kernel.ts at line 8.' },
        { n: 2, outcome: 'not known' },
      ],
    },
  ])
  const missing = await cli(root, 'playbooks', 'show', 'alpha', 'nope')
  expect(missing.code).toBe(2)
  expect(missing.stderr).toContain('It has: fits.')
  const run = await cli(root, 'playbooks', 'run', 'alpha', 'fits')
  expect(run.code).toBe(1)
  expect(run.stderr).toContain('error:')
  expect((await cli(root, 'playbooks', 'nonsense')).code).toBe(2)
})

test('a running runtime refuses to run one on a kernel in service, and tells the history of its file', async () => {
  const root = await folder({ alpha: file('alpha', { name: 'fits', steps: [fix] }) })
  const running = start(root, 'run', 'fleet.yaml')
  await running.line('control')
  const refused = await cli(root, 'playbooks', 'run', 'alpha', 'fits')
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('alpha is running')
  const dry = await cli(root, 'playbooks', 'dry-run', 'alpha', 'fits')
  expect(dry.stdout).toContain('Its hunks fit kernel.ts at line 7.')
  const history = JSON.parse((await cli(root, 'playbooks', 'history', 'alpha', '--json')).stdout)
  expect(history).toMatchObject([{ version: 1, change: 'found: fits', playbook: 'fits' }])
  const old = await cli(root, 'playbooks', 'show', 'alpha', '--version', '1')
  expect(old.stdout).toContain('"name": "fits"')
  expect((await cli(root, 'playbooks', 'show', 'alpha', '--version', '2')).code).toBe(2)
  expect((await cli(root, 'playbooks', 'show', 'alpha', '--version', '0')).stderr).toContain('above 0')
})
