import { expect, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import type { RemedyStep } from '../../src/base/remedy.ts'
import { type Live, restartAt, type StepPorts, StepRun } from '../../src/playbook/run.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

const never = new AbortController().signal
const ask = (kernel: string, more = {}): RemedyStep => ({ do: 'ask', kernel, method: 'flush', args: [], ...more })

/** Asks are answered at once, but for those of kernels named `late` and `bad`. */
function rig(steps: readonly RemedyStep[], more: Partial<StepPorts> = {}) {
  const clock = new ManualClock()
  const told: string[] = []
  const carry = async (step: Live): Promise<string> => {
    if (step.do === 'ask' && step.kernel === 'late') return new Promise(() => undefined)
    if (step.do === 'ask' && step.kernel === 'bad') throw new Error('no reply')
    return 'carried out'
  }
  const run = new StepRun(steps, {
    clock,
    holds: () => true,
    carryOut: carry,
    undo: async (step) => (step.do === 'ask' ? `undid ${step.kernel}` : undefined),
    told: ({ n, of, do: what, outcome, text }) => told.push(`${n}/${of} ${what} ${outcome}: ${text}`),
    ...more,
  })
  return { clock, told, run: () => run.run(0, restartAt(steps), never), after: run, undo: () => run.undo() }
}

/** Lets everything that is settled go on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

test('live steps are carried out in their order; those that the sandbox shows are counted and left to it', async () => {
  const { run, told } = rig([{ do: 'restore_state' }, ask('a'), { do: 'notify', text: 'hello' }])
  expect(await run()).toBeUndefined()
  expect(told).toEqual(['2/3 ask done: carried out', '3/3 notify done: carried out'])
})

test('what comes after restart is left for when the kernel serves', async () => {
  const steps: RemedyStep[] = [ask('a'), { do: 'restart' }, ask('b')]
  const { run, told, after } = rig(steps)
  expect(await run()).toBeUndefined()
  expect(told).toEqual(['1/3 ask done: carried out'])
  expect(await after.run(2, 3, never)).toBeUndefined()
  expect(told.at(-1)).toBe('3/3 ask done: carried out')
})

test('a step whose precondition does not hold is left out and told, and is not undone later', async () => {
  const onlyIf = { kernel: { id: 'x', serves: true } }
  const { run, told, undo } = rig([ask('a', { onlyIf }), ask('b')], { holds: () => false })
  expect(await run()).toBeUndefined()
  await undo()
  expect(told).toEqual([
    '1/2 ask left out: its precondition does not hold',
    '2/2 ask done: carried out',
    '2/2 ask undone: undid b',
  ])
})

test('a failing step ends the run, and everything so far is taken back in reverse, itself included', async () => {
  const { run, told, undo } = rig([ask('a'), { do: 'notify', text: 'x' }, ask('bad'), ask('never')])
  expect((await run())?.message).toBe('Step 3 of 4, ask, failed: no reply')
  await undo()
  expect(told.slice(2)).toEqual(['3/4 ask failed: no reply', '3/4 ask undone: undid bad', '1/4 ask undone: undid a'])
  await undo()
  expect(told).toHaveLength(5)
})

test('an undo that fails is told, and the others are undone all the same', async () => {
  const undo: StepPorts['undo'] = async (step) => {
    if (step.do === 'ask' && step.kernel === 'b') throw new Error('gone')
    return 'back'
  }
  const rigged = rig([ask('a'), ask('b')], { undo })
  await rigged.run()
  await rigged.undo()
  expect(rigged.told.slice(2)).toEqual(['2/2 ask not undone: gone', '1/2 ask undone: back'])
})

test.each([
  ['its own time', 250],
  ['the default time', undefined],
])('a step that does not end within %s has failed, and not a millisecond sooner', async (_, timeoutMs) => {
  const ms = timeoutMs ?? limits.playbookStepMs
  const { run, clock, told } = rig([ask('late', timeoutMs === undefined ? {} : { timeoutMs })])
  const ended = run()
  await settle()
  clock.advance(ms - 1)
  await settle()
  expect(told).toEqual([])
  clock.advance(1)
  expect((await ended)?.details).toMatchObject({ step: 1, do: 'ask' })
  expect(told).toEqual([`1/1 ask failed: it was not done within ${ms} ms`])
})

test('a wait takes its time, and an aborted one ends at once', async () => {
  const steps: RemedyStep[] = [{ do: 'wait', ms: limits.playbookWaitMs }]
  const { run, clock, told, after } = rig(steps)
  const ended = run()
  await settle()
  clock.advance(limits.playbookWaitMs - 1)
  await settle()
  expect(told).toEqual([])
  clock.advance(1)
  expect(await ended).toBeUndefined()
  const controller = new AbortController()
  const again = after.run(0, 1, controller.signal)
  controller.abort(new Error('parked by command'))
  expect((await again)?.message).toContain('parked by command')
})
