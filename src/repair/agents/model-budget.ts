/** What a model may cost in one repair: tokens, and money where prices are configured. Told to the repair as it is spent. */
import type { ModelSpec } from '../../base/agents-spec.ts'
import { LazaretError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { AgentInput } from './agent.ts'

export interface Used {
  readonly tokensIn: number
  readonly tokensOut: number
}

export class ModelBudget {
  readonly #spec: ModelSpec
  readonly #spend: AgentInput['spend']
  #tokens = 0
  #usd = 0

  constructor(spec: ModelSpec, spend: AgentInput['spend']) {
    this.#spec = spec
    this.#spend = spend
  }

  get tokensLeft(): number {
    return this.#spec.maxTokens - this.#tokens
  }

  add({ tokensIn, tokensOut }: Used): void {
    const { usdPerMillionIn = 0, usdPerMillionOut = 0 } = this.#spec
    const usd = (tokensIn * usdPerMillionIn + tokensOut * usdPerMillionOut) / 1_000_000
    this.#tokens += tokensIn + tokensOut
    this.#usd += usd
    this.#spend({ tokensIn, tokensOut, usd })
  }

  /**
   * Before each request, so that the last one may overstep by what it costs itself.
   * @param nextIn tokens that the request will hold, estimated.
   * @throws LazaretError AGENT_FAILED
   */
  check(nextIn: number): void {
    const { maxTokens, maxUsd, usdPerMillionIn = 0 } = this.#spec
    if (this.#tokens + nextIn >= maxTokens) {
      const next = this.#tokens >= maxTokens ? '' : `, and the next request needs about ${nextIn}`
      throw new LazaretError('AGENT_FAILED', `its ${maxTokens} tokens are spent: ${this.#tokens} so far${next}`)
    }
    if (this.#usd + (nextIn * usdPerMillionIn) / 1_000_000 >= maxUsd && this.#isPriced) {
      const text = `its ${maxUsd} US dollars are spent: ${this.#usd.toFixed(4)} so far`
      throw new LazaretError('AGENT_FAILED', text)
    }
  }

  get #isPriced(): boolean {
    return this.#spec.usdPerMillionIn !== undefined
  }
}

/** Tokens of a text, where nobody has counted them. */
export function estimateTokens(chars: number): number {
  return Math.ceil(chars / limits.agentTokenChars)
}
