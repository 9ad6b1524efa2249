/** A job as it is written, in the fleet file or by a caller, and what must hold for it. */
import { inspect } from 'node:util'
import { Cron } from 'croner'

export interface Job {
  name: string
  /** Milliseconds between two runs, 10 to 2147483647. A job has this or `cron`. */
  everyMs?: number
  /** Five fields, or six with seconds first: `30 2 * * 1-5`; in `timezone`, else the machine's. */
  cron?: string
  /** An IANA name such as `Europe/Berlin`. */
  timezone?: string
  /** Id of the kernel that is told. */
  to: string
  method: string
  args?: unknown[]
}

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** For an error's text. JSON and String() both throw a TypeError for what a caller can send: 10n, { toString: 1 }. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 0 }).slice(0, 200)
}

/** The longest delay of a Node.js timer; a longer one would fire at once, and again and again. */
const maxEveryMs = 2_147_483_647
const keys = ['name', 'everyMs', 'cron', 'timezone', 'to', 'method', 'args']
const reserved = ['then', 'toJSON', 'constructor']

const argMembers = 10_000

/** They are part of every snapshot and go out at every run. Counted, because a list can hold another one many times. */
function isPlain(value: unknown, depth = 0, counted = { left: argMembers, chars: 65_536 }): boolean {
  counted.left -= 1
  if (typeof value === 'string') counted.chars -= value.length
  if (counted.left < 0 || counted.chars < 0 || depth > 32) return false
  if (value === null || typeof value !== 'object')
    return ['string', 'boolean', 'object'].includes(typeof value) || Number.isFinite(value)
  const isList = Array.isArray(value)
  if (!isList && Object.getPrototypeOf(value) !== Object.prototype) return false
  return Object.entries(value).every(([key, member]) => {
    counted.chars -= isList ? 0 : key.length
    return isPlain(member, depth + 1, counted)
  })
}

/** @param where how the job is called in an error, for example `config.jobs[0]`. */
export function readJob(job: unknown, where: string, code: string): Job {
  const refuse = (key: string, accepted: string, got: unknown): never => {
    throw refusal(code, `${where}${key}: accepted is ${accepted}. Got: ${shown(got)}`)
  }
  if (typeof job !== 'object' || job === null) return refuse('', 'an object', job)
  const { name, everyMs, cron, timezone, to, method, args = [] } = job as Partial<Job>
  for (const key of Object.keys(job)) if (!keys.includes(key)) refuse(`.${key}`, `one of ${keys.join(', ')}`, key)
  const isText = (value: unknown): value is string => typeof value === 'string' && /^\S.{0,99}$/.test(value)
  if (!isText(name)) return refuse('.name', 'a text of 1 to 100 characters', name)
  if (!isText(to)) return refuse('.to', 'the id of a kernel', to)
  if (!isText(method) || reserved.includes(method)) return refuse('.method', 'the name of a method', method)
  if (!Array.isArray(args) || !isPlain(args)) {
    return refuse('.args', `a list of JSON values, ${argMembers} of them at most`, args)
  }
  if ((everyMs === undefined) === (cron === undefined)) return refuse('', 'either everyMs or cron', { everyMs, cron })
  if (everyMs !== undefined) {
    if (Number.isSafeInteger(everyMs) && everyMs >= 10 && everyMs <= maxEveryMs)
      return { name, everyMs, to, method, args }
    return refuse('.everyMs', `a whole number of milliseconds from 10 to ${maxEveryMs}`, everyMs)
  }
  // croner takes a date too: a job that comes true once, and keeps the kernel from starting when that is over.
  if (!isText(cron) || ![5, 6].includes(cron.trim().split(/\s+/).length)) {
    return refuse('.cron', 'a cron pattern of five or six fields', cron)
  }
  if (timezone !== undefined && !isText(timezone)) return refuse('.timezone', 'an IANA name', timezone)
  const parsed: Job = { name, cron, to, method, args, ...(timezone === undefined ? {} : { timezone }) }
  let next: Date | null = null
  try {
    next = startCron(parsed).nextRun()
  } catch (error) {
    return refuse('.cron', `a cron pattern and a time zone that exist (${(error as Error).message})`, {
      cron,
      timezone,
    })
  }
  if (next === null) return refuse('.cron', 'a pattern that comes true some day', cron)
  return parsed
}

/** Without `run` it is only asked for its times, and never fires. */
export function startCron(job: Job, run?: () => void): Cron {
  const options = { paused: run === undefined, ...(job.timezone === undefined ? {} : { timezone: job.timezone }) }
  return run === undefined ? new Cron(job.cron ?? '', options) : new Cron(job.cron ?? '', options, run)
}
