/**
 * The inspector's line to every thread of the process, by which a thread is asked from outside, even one that spins.
 *
 * It is attached before the first thread and stays. Attaching later is not safe: Node walks its list of workers, runs
 * JavaScript within that walk, and a thread that begins or ends meanwhile changes the list under it: SIGSEGV in
 * WorkerManager::SetAutoAttach, in 5 of 12 runs of 150 threads here (Node 20 and 26). Attached from the start there is
 * no walk; 1,000 threads that began, crashed and were ended beside it cost nothing that could be measured.
 */
import { Session } from 'node:inspector'
import { isMainThread } from 'node:worker_threads'

/** What a thread's inspector says: the reply to a request, or an event. */
export interface InspectorMessage {
  readonly id?: number
  readonly method?: string
  readonly error?: { readonly message: string }
  readonly result?: unknown
  readonly params?: Record<string, unknown>
}

export interface InspectorLine {
  /** Posts a request, whose reply has the number that is returned. Throws nothing: what became of it comes as a message. */
  send(method: string, params?: Record<string, unknown>): number
  /** No message is heard from now on. */
  hangUp(): void
}

const ended: InspectorMessage = { error: { message: 'the thread has ended' } }

class ThreadInspector {
  readonly #session = new Session()
  /** The inspector's session of each thread, by the thread's name. */
  readonly #sessions = new Map<string, string>()
  readonly #listeners = new Map<string, (message: InspectorMessage) => void>()
  #lastId = 0

  constructor() {
    this.#session.connect()
    this.#session.on('NodeWorker.attachedToWorker', ({ params }) => {
      // Workers are titled `[worker <threadId>] <name>`.
      const name = /^\[worker \d+\] ?(.*)$/s.exec(params.workerInfo.title)?.[1]
      if (name !== undefined) this.#sessions.set(name, params.sessionId)
    })
    this.#session.on('NodeWorker.detachedFromWorker', ({ params }) => {
      for (const [name, sessionId] of this.#sessions) if (sessionId === params.sessionId) this.#sessions.delete(name)
      this.#listeners.get(params.sessionId)?.(ended)
    })
    this.#session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      this.#listeners.get(params.sessionId)?.(JSON.parse(params.message) as InspectorMessage)
    })
    this.#session.post('NodeWorker.enable', { waitForDebuggerOnStart: false })
  }

  line(thread: string, onMessage: (message: InspectorMessage) => void): InspectorLine | undefined {
    const sessionId = this.#sessions.get(thread)
    if (sessionId === undefined) return undefined
    const sent = new Set<number>()
    const listener = (message: InspectorMessage) => {
      // Replies to a line that has hung up since are not for this one.
      if (message.id === undefined || sent.has(message.id)) onMessage(message)
    }
    this.#listeners.set(sessionId, listener)
    return {
      send: (method, params = {}) => {
        this.#lastId += 1
        sent.add(this.#lastId)
        const id = this.#lastId
        const message = JSON.stringify({ id, method, params })
        this.#session.post('NodeWorker.sendMessageToWorker', { sessionId, message }, (error) => {
          // The thread has ended meanwhile.
          if (error !== null) onMessage({ error })
        })
        return id
      },
      hangUp: () => {
        if (this.#listeners.get(sessionId) === listener) this.#listeners.delete(sessionId)
      },
    }
  }

  close(): void {
    this.#session.disconnect()
  }
}

/** Undefined where Node refuses (the permission model without --allow-inspector): then hung threads have no stacks. */
function tryToAttach(): ThreadInspector | undefined {
  try {
    return new ThreadInspector()
  } catch (thrown) {
    const code: unknown = thrown instanceof Error && Reflect.get(thrown, 'code')
    if (code === 'ERR_ACCESS_DENIED') return undefined
    throw thrown
  }
}

let inspector: ThreadInspector | undefined
let users = 0

/**
 * Attaches to every thread that starts from now on. To be called before the first thread; does nothing in a worker, whose
 * inspector reaches that worker only. Returns the function that lets go again, to be called when the threads have ended.
 */
export function attachInspector(): () => void {
  if (!isMainThread) return () => undefined
  users += 1
  inspector ??= tryToAttach()
  let held = true
  return () => {
    if (!held) return
    held = false
    users -= 1
    if (users > 0) return
    inspector?.close()
    inspector = undefined
  }
}

/**
 * A line to one thread; one at a time for each.
 * @param thread the worker's name.
 * @returns undefined where no such thread was started since attachInspector().
 */
export function inspectorLine(
  thread: string,
  onMessage: (message: InspectorMessage) => void,
): InspectorLine | undefined {
  return inspector?.line(thread, onMessage)
}
