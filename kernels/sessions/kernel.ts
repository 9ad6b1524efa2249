/**
 * Who is logged in. A token is told once, to whoever opened the session; here only its hash is kept, so neither memory
 * nor a snapshot lets anyone in. A session ends at a fixed time however much it is used. When the house is full, the one
 * that was not used for the longest time gives way. Passwords are not looked at here. What was closed after the last
 * snapshot is open again when that is restored, which is why the fleet takes them often.
 */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { isUser, limits, Register, refusal, type SessionsConfig, type SessionsState } from './register.ts'

function needUser(user: unknown): asserts user is string {
  if (isUser(user)) return
  const got = typeof user === 'string' ? `${user.length} characters` : typeof user
  throw refusal(
    'INVALID_ARGUMENT',
    `user must be a text of 1 to ${limits.userChars} characters, not blank. Got: ${got}`,
  )
}

function needToken(token: unknown): asserts token is string {
  if (typeof token === 'string' && token.length <= limits.tokenChars) return
  const got = typeof token === 'string' ? `${token.length} characters` : typeof token
  throw refusal('INVALID_ARGUMENT', `token must be a text of ${limits.tokenChars} characters at most. Got: ${got}`)
}

const kernel = defineKernel({
  start(ctx: KernelContext<SessionsState, SessionsConfig>) {
    const sessions = new Register(ctx)
    return {
      api: {
        /** The token is told here and never again. A user with too many sessions loses the oldest. */
        open(user: string): { token: string; expiresAt: number } {
          needUser(user)
          return sessions.open(user)
        },
        /** Whose session it is; null where there is none, or it has ended. */
        user(token: string): string | null {
          needToken(token)
          return sessions.user(token)
        },
        /** False where there was no such session. */
        close(token: string): boolean {
          needToken(token)
          return sessions.close(token)
        },
        /** Closes all sessions of a user, after a change of password for one; returns how many there were. */
        closeAll(user: string): number {
          needUser(user)
          return sessions.closeAll(user)
        },
        count: (): number => sessions.count(),
      },
      snapshot: () => sessions.all(),
    }
  },
})
export default kernel
export type Sessions = KernelApi<typeof kernel>
