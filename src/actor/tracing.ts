/**
 * OpenTelemetry, where the program has it: the only file that knows its API. A span for each ask is made by the host,
 * which sees both its ends; what travels with a message is the W3C context as plain text, so that it crosses threads. In
 * a kernel's thread the context of the message is active while it is handled, and spans that the kernel makes there hang
 * below it, if the thread has an SDK of its own (`node --import ./otel.js`: threads take the flag over).
 *
 * Nothing here runs where the API is not installed, or nothing was registered before the runtime was started.
 */
import type { Context, Span, TextMapGetter, TextMapSetter } from '@opentelemetry/api'
import type { ErrorRecord } from '../base/error-record.ts'

type Api = typeof import('@opentelemetry/api')

/** Such as `traceparent`, by name. */
export type TraceCarrier = Readonly<Record<string, string>>

export interface TracedMessage {
  /** Id of the sender; `host`: the program itself. */
  readonly from: string
  readonly to: string
  readonly method: string
  /** What came with it. */
  readonly trace?: TraceCarrier | undefined
}

export interface AskSpan {
  /** To travel with the message. */
  readonly trace: TraceCarrier
  /** @param error why it failed. */
  end(error?: Pick<ErrorRecord, 'code' | 'message'>): void
}

const setter: TextMapSetter<Record<string, string>> = {
  set(carrier, key, value) {
    carrier[key] = value
  },
}
const getter: TextMapGetter<TraceCarrier> = {
  get: (carrier, key) => carrier[key],
  keys: (carrier) => Object.keys(carrier),
}

export class Tracing {
  readonly #api: Api

  private constructor(api: Api) {
    this.#api = api
  }

  /** @param whenRegistered undefined too where no propagator is registered: then nothing would come of it. */
  static async load(whenRegistered = true): Promise<Tracing | undefined> {
    let api: Api
    try {
      api = await import('@opentelemetry/api')
    } catch (thrown) {
      if (thrown instanceof Error && Reflect.get(thrown, 'code') === 'ERR_MODULE_NOT_FOUND') return undefined
      throw thrown
    }
    return whenRegistered && api.propagation.fields().length === 0 ? undefined : new Tracing(api)
  }

  get api(): Api {
    return this.#api
  }

  get #tracer() {
    return this.#api.trace.getTracer('lazaret')
  }

  /** The context that is active here; undefined where there is none. */
  get current(): TraceCarrier | undefined {
    return this.#carrier(this.#api.context.active())
  }

  #carrier(context: Context): TraceCarrier | undefined {
    const carrier: Record<string, string> = {}
    this.#api.propagation.inject(context, carrier, setter)
    return Object.keys(carrier).length === 0 ? undefined : carrier
  }

  #parentOf({ from, trace }: TracedMessage): Context {
    const { context, propagation, ROOT_CONTEXT } = this.#api
    if (trace !== undefined) return propagation.extract(ROOT_CONTEXT, trace, getter)
    return from === 'host' ? context.active() : ROOT_CONTEXT
  }

  /** From the sending of an ask to its reply. */
  ask(message: TracedMessage): AskSpan {
    const { trace, SpanKind } = this.#api
    const parent = this.#parentOf(message)
    const span = this.#tracer.startSpan(
      `ask ${message.to}.${message.method}`,
      { kind: SpanKind.CLIENT, attributes: attributesOf(message) },
      parent,
    )
    return {
      trace: this.#carrier(trace.setSpan(parent, span)) ?? {},
      end: (error) => this.#end(span, error),
    }
  }

  /** Runs a handler below the message's context. `failureOf` says of what it returns why it failed. */
  handle<T>(
    message: TracedMessage,
    run: () => T | Promise<T>,
    failureOf: (result: T) => ErrorRecord | undefined,
  ): T | Promise<T> {
    const { context, trace, SpanKind } = this.#api
    const parent = this.#parentOf(message)
    const span = this.#tracer.startSpan(
      `handle ${message.to}.${message.method}`,
      { kind: SpanKind.SERVER, attributes: attributesOf(message) },
      parent,
    )
    const ended = (result: T): T => {
      this.#end(span, failureOf(result))
      return result
    }
    const failed = (thrown: unknown): never => {
      this.#end(span, { code: 'KERNEL_DOWN', message: thrown instanceof Error ? thrown.message : String(thrown) })
      throw thrown
    }
    try {
      const result = context.with(trace.setSpan(parent, span), run)
      return result instanceof Promise ? result.then(ended, failed) : ended(result)
    } catch (thrown) {
      return failed(thrown)
    }
  }

  /** Something that is over already. Times are epoch milliseconds. */
  past(name: string, fromMs: number, toMs: number, attributes: Record<string, string | number>, error?: string): void {
    const span = this.#tracer.startSpan(name, { startTime: fromMs, attributes, root: true })
    if (error !== undefined) span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: error })
    span.end(toMs)
  }

  #end(span: Span, error: Pick<ErrorRecord, 'code' | 'message'> | undefined): void {
    if (error !== undefined) {
      span.setAttribute('error.type', error.code ?? 'Error')
      span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: error.message })
    }
    span.end()
  }
}

function attributesOf({ from, to, method }: TracedMessage): Record<string, string> {
  return { 'rpc.system': 'lazaret', 'rpc.service': to, 'rpc.method': method, 'lazaret.from': from }
}
