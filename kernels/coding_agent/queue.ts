/**
 * The queue of coding tasks, and the rules of who gets which: most urgent first, of equally urgent ones the oldest. A
 * worker that claims a task has a lease; when that has run out, the task is there for others again. Time is handed in.
 */
import { inspect } from 'node:util'

export type TaskStatus = 'open' | 'claimed' | 'waiting for a person' | 'unconfirmed' | 'closed'

export interface NewTask {
  task: string
  type: string
  /** Id of the kernel that is to be mended. */
  kernel: string
  error: string
  /** The larger, the more urgent. */
  priority: number
  incident?: string
  diagnostic_path?: string
  log?: string[]
}

export interface Task extends NewTask {
  /** Who knows of it: one from the runtime is named anew at each start, until it is closed. */
  from: 'runtime' | 'caller'
  status: TaskStatus
  /** Epoch milliseconds. */
  createdAt: number
  worker?: string
  claimedAt?: number
  outcome?: string
}

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** For an error's text. JSON and String() both throw a TypeError for what a caller can send: 10n, { toString: 1 }. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 0 }).slice(0, 200)
}

export function needText(value: unknown, name: string, max = 150): asserts value is string {
  if (typeof value === 'string' && value !== '' && value.length <= max) return
  const got = typeof value === 'string' ? `${value.length} characters` : typeof value
  throw refusal('INVALID_ARGUMENT', `${name} must be a text of 1 to ${max} characters. Got: ${got}`)
}

const statuses: readonly unknown[] = ['open', 'claimed', 'waiting for a person', 'unconfirmed', 'closed']

export class TaskQueue {
  readonly #tasks = new Map<string, Task>()
  readonly #self: string
  readonly #maxOpen: number
  readonly #leaseMs: number

  /** @param self the kernel that owns the queue: its own tasks are not for the workers that it serves. */
  constructor(self: string, maxOpen: number, leaseMs: number, restored: readonly Task[] = []) {
    if (!Array.isArray(restored)) throw refusal('STATE_INVALID', 'The restored state is no list of tasks.')
    this.#self = self
    this.#maxOpen = maxOpen
    this.#leaseMs = leaseMs
    for (const task of restored) {
      needText(task.task, 'task')
      if (!statuses.includes(task.status) || !Number.isFinite(task.createdAt) || !Number.isFinite(task.priority)) {
        throw refusal('STATE_INVALID', `The restored task ${task.task} is not as a snapshot leaves it.`)
      }
      // Closed while this kernel was away? The runtime names what is still open; what it has not named in a whole life
      // of the kernel is gone.
      const stale = task.from === 'runtime' && task.status !== 'closed'
      if (task.status !== 'unconfirmed') this.#tasks.set(task.task, stale ? { ...task, status: 'unconfirmed' } : task)
    }
  }

  /** Adds a task, or returns the one that is known under this id: a task may be named many times. */
  add(task: NewTask, from: Task['from'], nowMs: number): Task {
    const known = this.#tasks.get(task.task)
    if (known !== undefined) {
      if (known.status === 'unconfirmed') known.status = known.worker === undefined ? this.#entry(known) : 'claimed'
      return known
    }
    if (this.open().length >= this.#maxOpen) {
      throw refusal('QUEUE_FULL', `The queue holds ${this.#maxOpen} open tasks, which is its limit.`)
    }
    const added: Task = { ...task, from, status: this.#entry(task), createdAt: nowMs }
    this.#tasks.set(task.task, added)
    return added
  }

  /** The most urgent task that is free, now the worker's; undefined where there is none. */
  claim(worker: string, nowMs: number): Task | undefined {
    const task = this.open().find((each) => each.status === 'open' || this.#leaseIsOver(each, nowMs))
    if (task !== undefined) Object.assign(task, { status: 'claimed', worker, claimedAt: nowMs })
    return task
  }

  /** Somebody has taken it elsewhere, until then: it is handed to nobody here meanwhile. */
  claimed(id: string, worker: string, untilMs: number): void {
    const task = this.#tasks.get(id)
    // One about this kernel stays with people, also when the claim is over.
    if (task === undefined || task.status === 'closed' || task.kernel === this.#self) return
    Object.assign(task, { status: 'claimed', worker, claimedAt: untilMs - this.#leaseMs })
  }

  released(id: string): void {
    const task = this.#tasks.get(id)
    if (task?.status !== 'claimed') return
    task.status = this.#entry(task)
    delete task.worker
    delete task.claimedAt
  }

  close(id: string, outcome: string): Task {
    const task = this.#tasks.get(id)
    if (task === undefined) throw refusal('NOT_FOUND', `There is no task ${shown(id)}.`)
    if (task.status === 'closed') {
      throw refusal('TASK_CLOSED', `The task ${id} is closed already, with the outcome ${shown(task.outcome)}.`)
    }
    Object.assign(task, { status: 'closed', outcome })
    // To the end, so that those closed first are forgotten first.
    this.#tasks.delete(id)
    this.#tasks.set(id, task)
    this.#forgetOldest()
    return task
  }

  isOpen(id: string): boolean {
    const task = this.#tasks.get(id)
    return task !== undefined && task.status !== 'closed'
  }

  /** What is not closed, in the order in which it is handed out. */
  open(): Task[] {
    const open = this.all().filter((task) => task.status !== 'closed')
    return open.sort((a, b) => b.priority - a.priority || a.createdAt - b.createdAt || (a.task < b.task ? -1 : 1))
  }

  all(): Task[] {
    return [...this.#tasks.values()]
  }

  #entry(task: NewTask): TaskStatus {
    return task.kernel === this.#self ? 'waiting for a person' : 'open'
  }

  #leaseIsOver(task: Task, nowMs: number): boolean {
    return task.status === 'claimed' && nowMs - (task.claimedAt ?? 0) >= this.#leaseMs
  }

  /** Closed tasks are kept, so that an old name is recognised; a thousand of them are enough. */
  #forgetOldest(): void {
    const closed = this.all().filter((task) => task.status === 'closed')
    for (const task of closed.slice(0, -1000)) this.#tasks.delete(task.task)
  }
}
