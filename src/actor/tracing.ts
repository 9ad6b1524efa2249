/**
 * OpenTelemetry, where the program has it: the only file that knows its API. A span for each ask is made by the host,
 * which sees both its ends; what travels with a message is the W3C context as plain text, so that it crosses threads. In
 * a kernel's thread the context of the message is active while it is handled, and spans that the kernel makes there hang
 * below it, if the thread has an SDK of its own (`node --import ./otel.js`: threads take the flag over).
 *
 * Nothing here runs where the API is not installed, or nothing was registered before the runtime was started. What the
 * program has registered may throw: that is told to OpenTelemetry's own diag logger, and the message goes on without.
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

  /** Undefined where it throws, which is somebody else's defect: never one of the message that is on its way. */
  #guarded<T>(run: () => T): T | undefined {
    try {
      return run()
    } catch (thrown) {
      this.#api.diag.error('lazaret: what is registered with OpenTelemetry has thrown', thrown)
      return undefined
    }
  }

  /** The context that is active here; undefined where there is none. */
  get current(): TraceCarrier | undefined {
    return this.#guarded(() => this.#carrier(this.#api.context.active()))
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

  /** A span of the message, and the context in which it is the active one. */
  #begin(what: 'ask' | 'handle', message: TracedMessage): { readonly span: Span; readonly within: Context } {
    const { trace, SpanKind } = this.#api
    const parent = this.#parentOf(message)
    const kind = what === 'ask' ? SpanKind.CLIENT : SpanKind.SERVER
    const name = `${what} ${message.to}.${message.method}`
    const span = this.#tracer.startSpan(name, { kind, attributes: attributesOf(message) }, parent)
    return { span, within: trace.setSpan(parent, span) }
  }

  /** From the sending of an ask to its reply. Undefined where it cannot be traced. */
  ask(message: TracedMessage): AskSpan | undefined {
    const begun = this.#guarded(() => this.#begin('ask', message))
    if (begun === undefined) return undefined
    return {
      trace: this.#guarded(() => this.#carrier(begun.within)) ?? {},
      end: (error) => this.#end(begun.span, error),
    }
  }

  /** Runs a handler below the message's context, once. `failureOf` says of what it returns why it failed. */
  handle<T>(
    message: TracedMessage,
    run: () => T | Promise<T>,
    failureOf: (result: T) => ErrorRecord | undefined,
  ): T | Promise<T> {
    const begun = this.#guarded(() => this.#begin('handle', message))
    if (begun === undefined) return run()
    const ended = (result: T): T => {
      this.#end(begun.span, failureOf(result))
      return result
    }
    const failed = (thrown: unknown): never => {
      this.#end(begun.span, { code: 'KERNEL_DOWN', message: thrown instanceof Error ? thrown.message : String(thrown) })
      throw thrown
    }
    let result: T | Promise<T>
    try {
      result = this.#within(begun.within, run)
    } catch (thrown) {
      return failed(thrown)
    }
    return result instanceof Promise ? result.then(ended, failed) : ended(result)
  }

  /** Once and in any case: a context manager may throw before it has run it, or after. */
  #within<T>(context: Context, run: () => T): T {
    let made: { readonly value: T } | { readonly thrown: unknown } | undefined
    const once = () => {
      try {
        made = { value: run() }
      } catch (thrown) {
        made = { thrown }
      }
    }
    this.#guarded(() => this.#api.context.with(context, once))
    if (made === undefined) once()
    const done = made as unknown as { readonly value: T } | { readonly thrown: unknown }
    if ('thrown' in done) throw done.thrown
    return done.value
  }

  /** Something that is over already. Times are epoch milliseconds. */
  past(name: string, fromMs: number, toMs: number, attributes: Record<string, string | number>, error?: string): void {
    this.#guarded(() => {
      const span = this.#tracer.startSpan(name, { startTime: fromMs, attributes, root: true })
      if (error !== undefined) span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: error })
      span.end(toMs)
    })
  }

  #end(span: Span, error: Pick<ErrorRecord, 'code' | 'message'> | undefined): void {
    this.#guarded(() => {
      if (error !== undefined) {
        span.setAttribute('error.type', error.code ?? 'Error')
        span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: error.message })
      }
      span.end()
    })
  }
}

function attributesOf({ from, to, method }: TracedMessage): Record<string, string> {
  return { 'rpc.system': 'lazaret', 'rpc.service': to, 'rpc.method': method, 'lazaret.from': from }
}
