/** What createRuntime accepts, each value with the words that say so when it is another. */
import type { Clock } from './base/clock.ts'
import { LazaretError } from './base/errors.ts'
import { limits } from './base/limits.ts'
import type { Log } from './base/log.ts'
import { type AlertOptions, checkAlertOptions } from './escalation/alert-options.ts'
import type { Notice } from './escalation/notify.ts'
import type { AgentsInput, FleetInput } from './supervisor/fleet.ts'

export interface RuntimeOptions {
  /** Path of a fleet file, or an object of the same shape. Default `./kernels/fleet.yaml`. */
  fleet?: string | FleetInput
  /** Journal, snapshots, hotfixes, control socket; one runtime to a folder. Default `.lazaret`. */
  dataDir?: string
  /** Evidence of failures. Default `.quarantine`. */
  quarantineDir?: string
  /** Default `playbooks`. */
  playbooksDir?: string
  /** Told of every critical incident, of its end, and of a kernel that needs a person. Never in the way. */
  notify?: (notice: Notice) => void | Promise<void>
  /**
   * Posts the same to a receiver of alerts, in the shape of Prometheus' Alertmanager: firing when an incident is opened,
   * resolved when it is over, and one of its own while a kernel needs a person. Default: none.
   */
  alerts?: AlertOptions
  /**
   * Repair agents from outside: a model, a command, an agent that speaks ACP. In the place of the fleet's own section;
   * `{}` is none. Default: what the fleet says, and none where it says nothing.
   */
  agents?: AgentsInput
  /** A pino logger; by default JSON lines of level warn and above on stderr. `false`: none. */
  log?: Log | false
  /** Successes after which a playbook is trusted; the repair that made it counts as one. Default 1. */
  playbookTrustAfter?: number
  /**
   * Sets V8's `--no-turboshaft-loop-unrolling` for the whole process before the first thread, without which some loops
   * can never be interrupted. Default true.
   */
  keepThreadsInterruptible?: boolean
  /**
   * How often the fleet file, the kernels' sources, and what the runtime has written are held against what was loaded
   * and written. Milliseconds, 10 or more; default 30000. They are also looked at at the start and at a crash.
   */
  integrityEveryMs?: number
  /** Opens `<dataDir>/control.sock` for the command line. Default true. */
  control?: boolean
  /** Default: the system's. */
  clock?: Clock
}

interface Accepted {
  readonly words: string
  test(value: unknown): boolean
}

const folder: Accepted = { words: 'the path of a folder', test: (value) => typeof value === 'string' && value !== '' }
const flag: Accepted = { words: 'true or false', test: (value) => typeof value === 'boolean' }
const isObject = (value: unknown) => typeof value === 'object' && value !== null

const optionKinds: Readonly<Record<string, Accepted>> = {
  // What is in it is the fleet's own check.
  fleet: { words: 'a path or an object', test: (value) => typeof value === 'string' || isObject(value) },
  ...{ dataDir: folder, quarantineDir: folder, playbooksDir: folder },
  notify: { words: 'a function', test: (value) => typeof value === 'function' },
  // What is in it is its own check.
  alerts: { words: 'an object with a url', test: isObject },
  // What is in it is its own check.
  agents: { words: 'an object with any of model, command, acp', test: isObject },
  log: { words: 'a pino logger, or false', test: (value) => value === false || isObject(value) },
  playbookTrustAfter: {
    words: 'a whole number above 0',
    test: (value) => Number.isSafeInteger(value) && Number(value) > 0,
  },
  integrityEveryMs: {
    words: `a whole number of milliseconds from ${limits.integrityEveryMsFloor} to ${limits.timerMs}`,
    test: (value) =>
      Number.isSafeInteger(value) && Number(value) >= limits.integrityEveryMsFloor && Number(value) <= limits.timerMs,
  },
  ...{ keepThreadsInterruptible: flag, control: flag },
  clock: { words: 'a clock', test: isObject },
}

/** @throws LazaretError OPTION_INVALID */
export function checkOptions(options: RuntimeOptions): RuntimeOptions {
  for (const [name, value] of Object.entries(options)) {
    const accepted = optionKinds[name]
    if (accepted === undefined) {
      const known = Object.keys(optionKinds).join(', ')
      throw new LazaretError('OPTION_INVALID', `createRuntime has no option ${JSON.stringify(name)}. It has: ${known}.`)
    }
    if (value === undefined || accepted.test(value)) continue
    const got = typeof value === 'object' || typeof value === 'function' ? typeof value : JSON.stringify(value)
    throw new LazaretError('OPTION_INVALID', `${name} must be ${accepted.words}. Got: ${got}.`)
  }
  if (options.alerts !== undefined) checkAlertOptions(options.alerts)
  return options
}
