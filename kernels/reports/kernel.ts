/**
 * How the house stands, in one page: asked of those who know, all at once and with short deadlines. Who does not answer
 * is named as missing, and its line stays empty: a report never makes up a number. It is built when the scheduler says
 * so, and at once when the verdict about the machine changes.
 */
import { type AnyRemoteApi, defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { plainText, type Report, refusal, sources } from './report.ts'

export interface ReportsConfig {
  /** How long each kernel may take to answer. Milliseconds, default 500. */
  askMs?: number
  /** Name of the template that makes the text. Without it, or when it cannot be had, the text is a plain list. */
  template?: string
  /** A URL to which the webhooks are told to send each report. Default: nowhere. */
  to?: string
}
type ReportsState = Report | null

function readConfig({ askMs = 500, template, to }: ReportsConfig) {
  const bad = (key: string, accepted: string, got: unknown) =>
    refusal('CONFIG_INVALID', `config.${key}: accepted is ${accepted}. Got: ${JSON.stringify(got)}`)
  if (!Number.isSafeInteger(askMs) || askMs < 1 || askMs > 10_000) throw bad('askMs', '1 to 10000 milliseconds', askMs)
  if (template !== undefined && (typeof template !== 'string' || template === '')) {
    throw bad('template', 'the name of a template', template)
  }
  if (to !== undefined && !/^https?:$/.test(URL.parse(String(to))?.protocol ?? '')) {
    throw bad('to', 'an http or https URL', to)
  }
  return { askMs, template, to }
}

function readState(state: ReportsState | undefined): Report | null {
  if (state === undefined || state === null) return null
  if (Number.isFinite(state.at) && typeof state.text === 'string' && Array.isArray(state.missing)) return state
  throw refusal('STATE_INVALID', 'The restored state is no report.')
}

const kernel = defineKernel({
  start(ctx: KernelContext<ReportsState, ReportsConfig>) {
    const { askMs, template, to } = readConfig(ctx.config)
    let last = readState(ctx.restored)
    const at = (id: string) => ctx.ref<AnyRemoteApi>(id).with({ deadlineMs: askMs, idempotent: true })

    const textOf = async (facts: Omit<Report, 'text'>): Promise<string> => {
      if (template === undefined) return plainText(facts)
      try {
        return String(await at('templates').ask.render?.(template, { report: facts }))
      } catch (error) {
        ctx.log.warn('the report is plain: its template could not be had', { template, error: String(error) })
        return plainText(facts)
      }
    }
    const build = async (): Promise<Report> => {
      const values: Record<string, unknown> = {}
      const missing: Report['missing'] = []
      const answers = sources.map(async ({ fact, kernel: id, method, isAnswer }) => {
        values[fact] = null
        try {
          const value: unknown = await at(id).ask[method]?.()
          if (isAnswer(value)) values[fact] = value
          else missing.push({ fact, kernel: id, why: `${method} answered with something else` })
        } catch (error) {
          missing.push({ fact, kernel: id, why: (error as Error).message })
        }
      })
      await Promise.all(answers)
      missing.sort((a, b) => (a.fact < b.fact ? -1 : 1))
      const facts = { at: ctx.now(), ...values, missing } as Omit<Report, 'text'>
      const report: Report = { ...facts, text: await textOf(facts) }
      last = report
      const names = missing.map((each) => each.fact)
      ctx.ref('immutable_log').tell.append?.({ what: 'report', at: report.at, missing: names })
      if (to !== undefined) ctx.ref('webhooks').tell.send?.({ to, subject: 'report', body: report.text })
      return report
    }
    return {
      api: {
        build,
        /** Null where none has been built yet. */
        last: (): Report | null => last,
        /** From the message bus: the verdict about the machine has changed. */
        async onMessage(topic: string): Promise<void> {
          if (topic === 'host.health') await build()
          else ctx.log.debug('a message of a topic that is not for reports was left alone', { topic })
        },
      },
      snapshot: (): ReportsState => last,
    }
  },
})
export default kernel
export type Reports = KernelApi<typeof kernel>
