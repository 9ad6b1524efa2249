/** Threads are inspected one after another, each inspection with a deadline that counts its waiting too. */
let queue: Promise<unknown> = Promise.resolve()

/**
 * @param deadlineMs for everything, waiting for other inspections included.
 * @param inspect must have let go of the thread when its promise settles; it is given up when `deadline` resolves.
 * @returns undefined where it was not done in time.
 */
export async function inTurn<T>(
  deadlineMs: number,
  inspect: (deadline: Promise<undefined>) => Promise<T | undefined>,
): Promise<T | undefined> {
  const deadline = Promise.withResolvers<undefined>()
  const abandoned = { yes: false }
  const timer = setTimeout(() => {
    abandoned.yes = true
    deadline.resolve(undefined)
  }, deadlineMs)
  const turn = queue.then(() => (abandoned.yes ? undefined : inspect(deadline.promise)))
  // One that fails must not keep the others from their turn; whoever asked for it hears of it.
  queue = turn.catch(() => undefined)
  try {
    return await Promise.race([turn, deadline.promise])
  } finally {
    clearTimeout(timer)
    deadline.resolve(undefined)
  }
}

/**
 * A request that meets a thread at the very moment it enters its loop lies unread until the next one arrives (measured:
 * 22 of 150), so it is repeated. Milliseconds.
 */
export const nudgeMs = 100
