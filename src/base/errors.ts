/**
 * One catalogue of errors. Every error that a caller of this library can see carries a `code` of this file, the kernel
 * it is about, the facts (`details`) and what to do next (`hint`). What a kernel itself throws is never altered: it
 * travels as `cause`. How an error crosses threads and processes is in error-record.ts.
 */

/** Code, meaning, and whether trying again later may work. */
export const errorCatalogue = {
  KERNEL_DOWN: { means: 'the kernel crashed while it had this message', recoverable: true },
  KERNEL_UNAVAILABLE: { means: 'the kernel is out of service and has no degraded route', recoverable: true },
  HANDLER_FAILED: { means: 'the kernel handled the message and threw an ordinary error', recoverable: false },
  ASK_TIMEOUT: { means: 'no reply came before the deadline of the ask', recoverable: true },
  ASK_CYCLE: { means: 'the ask would wait on itself through other kernels', recoverable: false },
  MAILBOX_FULL: { means: 'the mailbox of the kernel is full', recoverable: true },
  MESSAGE_POISONED: {
    means: 'this very message, or one like it, crashed the kernel and is parked',
    recoverable: false,
  },
  MESSAGE_UNCLONABLE: { means: 'an argument cannot be copied to another thread', recoverable: false },
  REPLY_UNCLONABLE: { means: 'the reply cannot be copied to another thread', recoverable: false },
  UNKNOWN_KERNEL: { means: 'the fleet has no kernel of this id', recoverable: false },
  UNKNOWN_METHOD: { means: 'the kernel has no method of this name', recoverable: false },
  STALE_EPOCH: { means: 'the instance that this was bound to is gone', recoverable: false },
  FLEET_INVALID: { means: 'the fleet cannot be run as written', recoverable: false },
  DATA_DIR_IN_USE: { means: 'another runtime works in this data directory', recoverable: true },
  RUNTIME_STOPPED: { means: 'the runtime is stopping or has stopped', recoverable: false },
  RUNTIME_NOT_STARTED: { means: 'the runtime has not been started', recoverable: true },
  NODE_UNSUPPORTED: { means: 'this version of Node.js is too old', recoverable: false },
  COMMAND_REFUSED: { means: 'the kernel is in a state in which this command has no meaning', recoverable: true },
  ALERT_UNDELIVERED: { means: 'the receiver of alerts did not take one', recoverable: true },
  OPTION_INVALID: { means: 'an option has a value that is not accepted', recoverable: false },
  KERNEL_MALFORMED: { means: 'the module does not export a kernel made by defineKernel', recoverable: false },
  KERNEL_EXITED: { means: 'the thread ended without saying goodbye', recoverable: true },
  KERNEL_HUNG: { means: 'the thread stopped responding', recoverable: true },
  KERNEL_OUT_OF_MEMORY: { means: 'the thread passed its memory limit', recoverable: true },
  KERNEL_PORT_CLOSED: { means: 'the kernel closed the port to its runtime', recoverable: true },
  KERNEL_START_TIMEOUT: { means: 'start() did not finish in time', recoverable: true },
  THREAD_REFUSED: { means: 'the operating system or Node.js refused a new thread', recoverable: true },
  SNAPSHOT_CORRUPT: { means: 'a stored snapshot does not match its hash', recoverable: true },
  SNAPSHOT_FAILED: { means: 'the kernel could not be snapshotted', recoverable: true },
  PLAYBOOK_INVALID: { means: 'a playbook file cannot be used as written', recoverable: false },
  PATCH_REFUSED: { means: 'a patch does not apply or touches what it may not', recoverable: false },
  CAGE_UNSUITABLE: { means: 'the kernel needs what the sandbox does not give', recoverable: false },
  SANDBOX_FAILED: { means: 'the sandbox itself failed, so nothing was proved', recoverable: true },
  AGENT_FAILED: { means: 'a repair agent could not do its work', recoverable: true },
  PACKAGE_MISSING: { means: 'an optional package that was asked for is not installed', recoverable: false },
  JOURNAL_FAILED: { means: 'the journal could not be read or written', recoverable: false },
  EVIDENCE_CORRUPT: { means: 'the exact messages of a failure cannot be read back', recoverable: false },
  NOT_FOUND: { means: 'no record of that name exists', recoverable: false },
  DASHBOARD_FAILED: { means: 'the dashboard cannot be served', recoverable: true },
  REQUEST_REFUSED: { means: 'the dashboard does not answer such a request', recoverable: false },
  READ_ONLY: { means: 'the dashboard only shows, and takes no commands', recoverable: false },
  CHART_TOO_LARGE: { means: 'a statechart has more parts than are drawn in one picture', recoverable: false },
  CHART_FAILED: { means: 'a statechart could not be laid out', recoverable: true },
  MACHINE_INVALID: { means: 'what was given is no machine of XState v5', recoverable: false },
  FONT_MISSING: { means: 'the machine has no font that text could be drawn with', recoverable: false },
  CONTROL_FAILED: { means: 'the control socket did not answer', recoverable: true },
} as const

export type ErrorCode = keyof typeof errorCatalogue

export interface LazaretErrorOptions {
  /** Id of the kernel that the error is about. */
  kernel?: string
  /** Facts a program can use. Structured-cloneable. */
  details?: Record<string, unknown>
  /** One sentence: what the reader can do about it. */
  hint?: string
  cause?: unknown
}

/**
 * @example
 * try { await memory.ask.recall('x') } catch (error) {
 *   if (error instanceof LazaretError && error.recoverable) retryLater()
 * }
 */
export class LazaretError extends Error {
  readonly code: ErrorCode
  readonly kernel: string | undefined
  readonly details: Record<string, unknown>
  readonly hint: string | undefined
  /** True where the same call may succeed later without a change by a person. */
  readonly recoverable: boolean

  constructor(code: ErrorCode, message: string, options: LazaretErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.name = 'LazaretError'
    this.code = code
    this.kernel = options.kernel
    this.details = options.details ?? {}
    this.hint = options.hint
    this.recoverable = errorCatalogue[code].recoverable
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCatalogue, value)
}
