/**
 * Owns the coding tasks of the house: what failed, what is known about it, and who works on it. The runtime names its
 * tasks on its bus; people and other kernels add theirs. This kernel hands out, it repairs nothing itself, and a task
 * about itself it hands to nobody: that one waits for a person. What was done is told to the memory.
 */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { type NewTask, needText, refusal, shown, type Task, TaskQueue } from './queue.ts'

export interface AgentConfig {
  /** How long a claimed task belongs to its worker. Milliseconds; default 900000, the time that a repair may take. */
  leaseMs?: number
  /** Open tasks at most. Default 1000. */
  maxOpen?: number
}

function needWhole(value: unknown, name: string): asserts value is number {
  if (Number.isSafeInteger(value) && Number(value) > 0) return
  throw refusal('CONFIG_INVALID', `config.${name}: accepted is a whole number above 0. Got: ${String(value)}`)
}

/** What is no text is shown, and what is long is cut: it is there to be read. */
function line(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 10_000) : shown(value)
}

function readTask(task: NewTask): NewTask {
  if (typeof task !== 'object' || task === null) {
    throw refusal(
      'INVALID_ARGUMENT',
      `A task is an object with task, type, kernel, error, priority. Got: ${typeof task}`,
    )
  }
  needText(task.task, 'task')
  needText(task.kernel, 'kernel')
  needText(task.error, 'error', 65_536)
  const { type = 'fix_kernel_failure', priority = 5, log = [], incident, diagnostic_path } = task
  needText(type, 'type')
  if (!Number.isFinite(priority))
    throw refusal('INVALID_ARGUMENT', `priority must be a number. Got: ${shown(priority)}`)
  if (!Array.isArray(log)) throw refusal('INVALID_ARGUMENT', `log must be a list of lines. Got: ${typeof log}`)
  const { task: id, kernel, error } = task
  return {
    ...{ task: id, type, kernel, error, priority, log: log.slice(-10).map(line) },
    ...(incident === undefined ? {} : { incident: line(incident) }),
    ...(diagnostic_path === undefined ? {} : { diagnostic_path: line(diagnostic_path) }),
  }
}

const kernel = defineKernel({
  start(ctx: KernelContext<Task[], AgentConfig>) {
    const { leaseMs = 900_000, maxOpen = 1000 } = ctx.config
    needWhole(leaseMs, 'leaseMs')
    needWhole(maxOpen, 'maxOpen')
    const queue = new TaskQueue(ctx.id, maxOpen, leaseMs, ctx.restored)

    const close = (id: string, outcome: string): Task => {
      const task = queue.close(id, outcome)
      const text = `${task.type} of ${task.kernel}: ${task.error}\nOutcome: ${outcome}`.slice(0, 60_000)
      ctx.ref('memory_fusion').tell.remember?.(
        `task:${id}`,
        text,
        ['coding_task', task.kernel].map((tag) => tag.slice(0, 64)),
      )
      return task
    }
    ctx.bus.on('coding_agent.task_create', (message) => {
      try {
        const task = queue.add(readTask(message), 'runtime', ctx.now())
        if (task.status === 'waiting for a person') {
          ctx.log.warn('a task about this kernel itself waits for a person', { task: task.task, error: task.error })
        }
      } catch (error) {
        // The runtime's journal keeps the task, and names it again at the next start.
        ctx.log.warn('a task was not taken', { task: message.task, error: String(error) })
      }
    })
    // People and agents outside claim at the runtime: two are not to mend the same.
    ctx.bus.on('coding_agent.task_claimed', ({ task, by, until }) => queue.claimed(task, by, until))
    ctx.bus.on('coding_agent.task_released', ({ task }) => queue.released(task))
    ctx.bus.on('coding_agent.task_closed', (message) => {
      // One that is unknown or closed here needs nothing: the runtime tells all that it closes.
      if (queue.isOpen(message.task)) close(message.task, message.outcome)
    })

    return {
      api: {
        /** Open tasks, the most urgent first; of equally urgent ones the oldest. */
        queue: (): Task[] => queue.open(),
        /** The next task, now this worker's for `leaseMs`; null where there is none to hand out. */
        claim(worker: string): Task | null {
          needText(worker, 'worker')
          return queue.claim(worker, ctx.now()) ?? null
        },
        /** Closes a task with what came of it, for example `mended` or `given up`. */
        complete(taskId: string, outcome: string): Task {
          needText(taskId, 'taskId')
          needText(outcome, 'outcome')
          return close(taskId, outcome)
        },
        /** Adds a task, or returns the one that is known under its id. */
        add: (task: NewTask): Task => queue.add(readTask(task), 'caller', ctx.now()),
        stats(): Record<string, number> {
          const tasks = queue.all()
          return Object.fromEntries(
            (['open', 'claimed', 'waiting for a person', 'unconfirmed', 'closed'] as const).map((status) => [
              status,
              tasks.filter((task) => task.status === status).length,
            ]),
          )
        },
      },
      snapshot: () => queue.all(),
    }
  },
})
export default kernel
export type CodingAgent = KernelApi<typeof kernel>
