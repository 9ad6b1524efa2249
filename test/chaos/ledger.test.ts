import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serialize } from 'node:v8'
import { expect, test } from 'vitest'
import { fatesOf, type LedgerLine, readLedger, startsPastBudget } from '../../src/chaos/ledger.ts'
import { tokenPattern } from '../../src/chaos/stage.ts'
import type { LazaretEvent } from '../../src/index.ts'

const start = (at: number): LedgerLine => ({ what: 'start', at })
const message = (at: number, token?: string): LedgerLine => ({ what: 'message', at, ...(token && { token }) })
const started = (at: number, reason: string) => ({ type: 'kernel.started', at, seq: at, reason }) as LazaretEvent
const bounds = { max: 1, stableMs: 1000, gapMs: 100 }

test('1 + max starts without life between are within the budget, one more is past it', () => {
  const events = [started(0, 'first'), started(10, 'restart'), started(20, 'restart')]
  expect(startsPastBudget([start(1), start(11)], events, bounds)).toBe(0)
  expect(startsPastBudget([start(1), start(11), start(21)], events, bounds)).toBe(1)
})

test("only first starts and restarts are the budget's", () => {
  const reasons = ['first', 'restart', 'command', 'rejoin', 'promotion', 'bystander']
  const events = reasons.map((reason, index) => started(10 * index, reason))
  const lines = reasons.map((_, index) => start(10 * index + 1))
  expect(startsPastBudget(lines, events, bounds)).toBe(0)
})

test('a life of stableMs forgives, a shorter one does not', () => {
  const events = [started(0, 'first'), started(10, 'restart'), started(2000, 'restart')]
  expect(startsPastBudget([start(1), start(11), message(911), start(2001)], events, bounds)).toBe(0)
  expect(startsPastBudget([start(1), start(11), message(910), start(2001)], events, bounds)).toBe(1)
})

const told = (kernel: string, idempotent = false) => ({ kernel, idempotent })
const account = {
  ledgersOf: (kernel: string) => (kernel === 'a' ? ['a', 'a.fallback', 'c'] : [kernel]),
  ...{ deadLetters: [], pattern: tokenPattern },
}

test('a tell is handled, a dead letter, or lost; one that travels on counts where it was sent', () => {
  const accepted = new Map(['stress-1-1', 'stress-2-2', 'stress-3-3', 'stress-4-4'].map((token) => [token, told('a')]))
  const ledgers = new Map([
    ['a', [message(1, 'stress-1-1'), message(2, 'stress-4-4'), message(3, 'stress-4-4')]],
    ['b', [message(2, 'stress-1-1'), message(3, 'stress-3-3')]],
  ])
  const deadLetters = [serialize(['stress-2-2', { text: 'x' }]), undefined]
  expect(fatesOf({ ...account, accepted, ledgers, deadLetters })).toEqual({
    ...{ handled: 2, handledElsewhere: 0, handledTwice: 1, repeated: 0, deadLettered: 1, lost: ['stress-3-3'] },
  })
})

test('a tell that a fallback handled, or the kernel that it was rerouted to, was handled', () => {
  const accepted = new Map(['stress-1-1', 'stress-2-2', 'stress-3-3'].map((token) => [token, told('a')]))
  const ledgers = new Map([
    ['a', [message(1, 'stress-1-1')]],
    ['a.fallback', [message(2, 'stress-2-2')]],
    ['c', [message(3, 'stress-3-3')]],
  ])
  expect(fatesOf({ ...account, accepted, ledgers })).toMatchObject({ handled: 3, handledElsewhere: 2, lost: [] })
})

test('handled here and once more by a stand-in is handled twice, unless its sender allowed that', () => {
  const accepted = new Map([
    ['stress-1-1', told('a')],
    ['stress-2-2', told('a', true)],
  ])
  const both = [message(1, 'stress-1-1'), message(1, 'stress-2-2')]
  const ledgers = new Map([
    ['a', both],
    ['c', both],
  ])
  expect(fatesOf({ ...account, accepted, ledgers })).toMatchObject({ handled: 2, handledTwice: 1, repeated: 1 })
})

test('what others ask about a token later is not the tell once more', () => {
  const accepted = new Map([['stress-1-1', told('a')]])
  const put = { ...message(1, 'stress-1-1'), method: 'put' }
  const lines = [put, { ...message(2, 'stress-1-1'), method: 'get' }]
  const fates = (a: readonly LedgerLine[]) => fatesOf({ ...account, accepted, ledgers: new Map([['a', a]]) })
  expect(fates(lines)).toMatchObject({ handled: 1, handledTwice: 0 })
  expect(fates([...lines, put])).toMatchObject({ handled: 1, handledTwice: 1 })
})

test('a line torn by a kill is no line, and a ledger that nobody began is empty', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-ledger-'))
  try {
    const path = join(folder, 'k.jsonl')
    expect(readLedger(path)).toEqual([])
    writeFileSync(path, '{"what":"start","at":1}\n{"what":"mess')
    expect(readLedger(path)).toEqual([{ what: 'start', at: 1 }])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
