import { describe, expect, test } from 'vitest'
import { describeRecord, fromRecord, isForeign, toRecord } from '../../src/base/error-record.ts'
import { LazaretError } from '../../src/base/errors.ts'
import { limits } from '../../src/base/limits.ts'

/** As it crosses a thread: only what can be cloned arrives. */
const travel = (thrown: unknown) => fromRecord(structuredClone(toRecord(thrown)))

describe('an error that travels', () => {
  test('of ours keeps its class, code, kernel, details, hint, stack and cause', () => {
    const error = new LazaretError('HANDLER_FAILED', 'recall failed', {
      ...{ kernel: 'memory_fusion', details: { method: 'recall' }, hint: 'Look at the cause.' },
      cause: new RangeError('too many'),
    })
    const arrived = travel(error)
    expect(arrived).toBeInstanceOf(LazaretError)
    expect(arrived).toMatchObject({
      ...{ name: 'LazaretError', code: 'HANDLER_FAILED', message: 'recall failed', kernel: 'memory_fusion' },
      ...{ details: { method: 'recall' }, hint: 'Look at the cause.', recoverable: false, stack: error.stack },
    })
    expect(arrived.cause).toBeInstanceOf(RangeError)
    expect(toRecord(arrived)).toEqual({ ...toRecord(error), cause: { ...toRecord(error.cause), foreign: true } })
  })

  test('with a code that is not in the catalogue is no error of ours', () => {
    const arrived = fromRecord({ name: 'LazaretError', message: 'm', code: 'NO_SUCH_CODE' })
    expect(arrived).not.toBeInstanceOf(LazaretError)
    expect(arrived).toMatchObject({ name: 'LazaretError', message: 'm', code: 'NO_SUCH_CODE' })
  })

  test.each([EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError])(
    '%o keeps its class',
    (Class) => {
      const arrived = travel(new Class('m'))
      expect(arrived).toBeInstanceOf(Class)
      expect(arrived.message).toBe('m')
    },
  )

  test('of a class of its own arrives as an Error of that name', () => {
    class OrderError extends Error {
      override name = 'OrderError'
      code = 'E_ORDER'
    }
    const arrived = travel(new OrderError('m'))
    expect(arrived.constructor).toBe(Error)
    expect(arrived).toMatchObject({ name: 'OrderError', code: 'E_ORDER', message: 'm' })
  })

  test('that is a DOMException keeps the message which a clone loses', () => {
    expect(travel(new DOMException('too slow', 'TimeoutError'))).toMatchObject({
      ...{ name: 'TimeoutError', message: 'too slow', code: '23' },
    })
  })

  test('that is an AggregateError keeps its members', () => {
    const arrived = travel(new AggregateError([new TypeError('a'), 'b', undefined], 'all failed'))
    expect(arrived).toBeInstanceOf(AggregateError)
    const { errors } = arrived as AggregateError
    expect(errors.map((member: Error) => [member.name, member.message])).toEqual([
      ['TypeError', 'a'],
      ['NonError', 'b'],
      ['NonError', 'undefined'],
    ])
  })

  test('is foreign on the other side, as are ours everywhere', () => {
    expect(isForeign(new Error('own'))).toBe(false)
    expect(isForeign(travel(new Error('other')))).toBe(true)
    expect(isForeign(new LazaretError('ASK_TIMEOUT', 'm'))).toBe(true)
    expect(toRecord(travel(new Error('twice'))).foreign).toBe(true)
    for (const value of [undefined, null, 'text', 1]) expect(isForeign(value)).toBe(false)
  })
})

describe('what is thrown and is no error', () => {
  const values: [string, unknown, string][] = [
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['text', 'no disk', 'no disk'],
    ['a number', 404, '404'],
    ['a bigint', 1n, '1'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['an object', { reason: 'x' }, '{"reason":"x"}'],
    ['an object without a prototype', Object.create(null), '{}'],
    ['a function', function named() {}, 'function named'],
  ]
  test.each(values)('%s is described', (_name, value, message) => {
    expect(toRecord(value)).toEqual({ name: 'NonError', message, nonError: true })
  })

  test('a cycle, a throwing toJSON and a revoked proxy have at least their type', () => {
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    const evil = {
      toJSON() {
        throw undefined
      },
    }
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    for (const value of [cycle, evil, proxy]) {
      expect(toRecord(value)).toMatchObject({ nonError: true, message: expect.stringContaining('type object') })
    }
  })
})

describe('an error that fights back', () => {
  test('with getters that throw is recorded without those properties', () => {
    const error = new Error('m')
    for (const key of ['message', 'name', 'stack', 'code', 'cause', 'errors', 'details', 'hint', 'kernel']) {
      Object.defineProperty(error, key, {
        get() {
          throw new Error(`evil ${key}`)
        },
      })
    }
    expect(toRecord(error)).toEqual({ name: 'Error', message: '' })
  })

  test('with properties of the wrong type is recorded without them', () => {
    const error = Object.assign(new Error('m'), { code: {}, details: 'text', hint: 3, kernel: null, errors: 'many' })
    expect(Object.keys(toRecord(error)).sort()).toEqual(['message', 'name', 'stack'])
  })

  test('behind a proxy whose traps throw is recorded', () => {
    const trap = () => {
      throw new Error('trap')
    }
    expect(toRecord(new Proxy(new Error('m'), { get: trap }))).toEqual({ name: 'Error', message: '' })
    expect(toRecord(new Proxy(new Error('m'), { getPrototypeOf: trap }))).toMatchObject({ nonError: true })
  })

  test('that causes itself is cut', () => {
    const error = new Error('m')
    error.cause = error
    let depth = 0
    for (let record = toRecord(error).cause; record !== undefined; record = record.cause) depth += 1
    expect(depth).toBe(limits.errorCauseDepth)
  })

  test('with members that cannot be read is recorded, and so are the readable ones', () => {
    const { proxy, revoke } = Proxy.revocable([], {})
    revoke()
    expect(toRecord(Object.assign(new Error('m'), { errors: proxy }))).toMatchObject({ message: 'm' })
    const errors: unknown[] = ['a', 'b']
    Object.defineProperty(errors, 0, {
      get() {
        throw new Error('evil')
      },
    })
    const record = toRecord(Object.assign(new Error('m'), { errors }))
    expect(record.errors?.map(({ message }) => message)).toEqual(['undefined', 'b'])
  })

  test('that holds itself many times is cut at a number of records in all', () => {
    const error = new AggregateError([], 'm')
    error.errors = Array.from({ length: 16 }, () => error)
    expect(JSON.stringify(toRecord(error)).split('"message"').length - 1).toBe(limits.errorRecords)
  })

  test('behind a proxy that turns evil later is recorded', () => {
    let asked = 0
    const proxy = new Proxy(new Error('m'), {
      getPrototypeOf(target) {
        asked += 1
        if (asked > 1) throw new Error('later')
        return Reflect.getPrototypeOf(target)
      },
    })
    expect(toRecord(proxy)).toMatchObject({ message: 'm' })
    expect(isForeign(proxy)).toBe(false)
  })

  test.each(['constructor', 'toString', '__proto__', 'valueOf'])('that calls itself %s is an Error again', (name) => {
    const arrived = travel(Object.assign(new Error('m'), { name }))
    expect(arrived).toBeInstanceOf(Error)
    expect(arrived).toMatchObject({ name, message: 'm' })
  })

  test('with a code of 50 MB is cut', () => {
    const code = 'c'.repeat(50_000_000)
    expect(toRecord(Object.assign(new Error('m'), { code })).code?.length).toBeLessThan(2 * limits.errorTextChars)
  })

  test('with as many causes as are followed, and one more', () => {
    const chain = (causes: number): Error => new Error(`${causes}`, causes === 0 ? {} : { cause: chain(causes - 1) })
    expect(describeRecord(toRecord(chain(limits.errorCauseDepth)))).toMatch(/Error: 0$/)
    expect(describeRecord(toRecord(chain(limits.errorCauseDepth + 1)))).toMatch(/Error: 1$/)
  })

  test('with details that cannot travel loses only these', () => {
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    for (const details of [cycle, { big: 1n }, { text: 'x'.repeat(limits.errorTextChars) }, {}, []]) {
      const record = toRecord(Object.assign(new Error('m'), { details }))
      expect(record.message).toBe('m')
      expect(record.details === undefined || Array.isArray(record.details)).toBe(true)
    }
  })

  test('with a message of 50 MB is cut, and says by how much', () => {
    const message = 'x'.repeat(50_000_000)
    for (const thrown of [new Error(message), message]) {
      const record = toRecord(thrown)
      expect(record.message).toHaveLength(
        limits.errorTextChars + `... [${50_000_000 - limits.errorTextChars} more characters]`.length,
      )
      expect(record.stack?.length ?? 0).toBeLessThan(2 * limits.errorTextChars)
    }
  })

  test('text of the allowed length is whole, one character more is cut', () => {
    const text = 'x'.repeat(limits.errorTextChars)
    expect(toRecord(new Error(text)).message).toBe(text)
    expect(toRecord(new Error(`${text}y`)).message).toBe(`${text}... [1 more characters]`)
  })
})

test('a record is told on one line, causes last', () => {
  const error = new LazaretError('KERNEL_DOWN', 'a is down', { cause: new Error('x', { cause: 'no disk' }) })
  const told = 'LazaretError [KERNEL_DOWN]: a is down <- Error: x <- thrown value: no disk'
  expect(describeRecord(toRecord(error))).toBe(told)
})
