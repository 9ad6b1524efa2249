/**
 * Asks a model behind an HTTP endpoint to mend the kernel, with tools in a copy of its folder. Off until an endpoint is
 * configured. The evidence goes to that endpoint, redacted as people read it, and the kernel's sources go as they are.
 */
import type { ModelMessage } from 'ai'
import type { ModelSpec } from '../../base/agents-spec.ts'
import { LazaretError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { Remedy } from '../../base/remedy.ts'
import type { AgentInput, RepairAgent } from './agent.ts'
import { type Attempt, inAttempts } from './attempts.ts'
import { bounded, fence, fenceRule, oneLine } from './fence.ts'
import { ModelBudget } from './model-budget.ts'
import { openModel } from './model-provider.ts'
import { isToolName, ModelTools } from './model-tools.ts'
import { type Call, type TurnOptions, takeTurn, UselessAnswer } from './model-turn.ts'
import { loadPackage } from './packages.ts'
import { taskText } from './task.ts'
import { boundedProgress, Voice } from './voice.ts'
import { WorkFolder } from './work-folder.ts'

export interface ModelAgentOptions {
  /** Longest that the endpoint may be silent. Default limits.agentSilenceMs. Milliseconds. */
  readonly silenceMs?: number
  /** First pause before a failed request is sent again. Default limits.agentRetryMs. Milliseconds. */
  readonly retryMs?: number
}

export function makeModelAgent(spec: ModelSpec, options: ModelAgentOptions = {}): RepairAgent {
  return { name: 'model', propose: (input) => propose(spec, input, options) }
}

const instructions = [
  'You repair one part of a Node.js application, a kernel, that crashes. You work through the tools only, in a copy of its folder.',
  fenceRule,
  'Read the sources and the evidence, find the cause, change as little as mends it, try it with run_replay and run_check, then call submit.',
  'Never work around the check, the recorded messages or the error itself: an independent proof decides, and it replays traffic that you do not see.',
].join('\n\n')

async function* propose(spec: ModelSpec, input: AgentInput, options: ModelAgentOptions): AsyncGenerator<Remedy, void> {
  const ai = await loadPackage('model', 'ai', () => import('ai'))
  const open = await openModel(spec, options.silenceMs)
  const folder = await WorkFolder.make(input)
  const tell = boundedProgress(input)
  // An endpoint may say the key itself, by mistake or not.
  const progress = (text: string) => tell(open.strike(text))
  const voice = new Voice(progress)
  const budget = new ModelBudget(spec, input.spend)
  const retryMs = options.retryMs ?? limits.agentRetryMs
  const session = new Session(
    { ...{ ai, open, spec, budget, instructions, progress, retryMs }, said: (text) => voice.said(text) },
    { tools: new ModelTools(input, folder, progress), voice },
  )
  const { attempts, minutes } = spec
  const task = taskText({ ...{ evidence: input.evidence, folder, attempts, minutes }, feedback: [] })
  await folder.writeTask(task)
  yield* inAttempts(input, 'model', spec, async (attempt) => {
    session.tell(attempt.number === 1 ? task : await nextTask(attempt, folder))
    return { folder, why: open.strike(await session.untilSubmitted(attempt.signal)) }
  })
}

/** Its changes stay for it to go on from, but for those to what judges them. */
async function nextTask({ feedback }: Attempt, folder: WorkFolder): Promise<string> {
  const restored = await folder.restoreProtected()
  return [
    'Your candidate was refused. Why, as the proof says it:',
    fence('verdict', feedback.at(-1)?.refusal ?? '', limits.agentVerdictChars),
    'Your changes are still in the work folder.',
    ...restored.map((file) => `${oneLine(file)} has been put back as it was: it may not be changed.`),
    'Mend it, try it, and call submit again.',
  ].join('\n\n')
}

/** One conversation, over all attempts. */
class Session {
  readonly #options: TurnOptions
  readonly #tools: ModelTools
  readonly #voice: Voice
  readonly #messages: ModelMessage[] = []
  /** Answers in a row that led nowhere. */
  #useless = 0

  constructor(options: TurnOptions, parts: { readonly tools: ModelTools; readonly voice: Voice }) {
    this.#options = options
    this.#tools = parts.tools
    this.#voice = parts.voice
  }

  tell(text: string): void {
    this.#messages.push({ role: 'user', content: text })
  }

  /** @returns its explanation. @throws LazaretError AGENT_FAILED; the signal's reason. */
  async untilSubmitted(signal: AbortSignal): Promise<string> {
    for (let step = 0; step < limits.agentSteps; step += 1) {
      const submitted = await this.#step(signal)
      if (submitted !== undefined) return submitted
    }
    return `It did not hand anything over in ${limits.agentSteps} steps; this is what it had changed.`
  }

  async #step(signal: AbortSignal): Promise<string | undefined> {
    let calls: readonly Call[]
    try {
      const answer = await takeTurn(this.#options, this.#messages, signal)
      this.#messages.push(...answer.messages)
      calls = answer.calls
    } catch (thrown) {
      if (!(thrown instanceof UselessAnswer)) throw thrown
      this.#countUseless(thrown.message)
      return undefined
    } finally {
      this.#voice.flush()
    }
    const usable = calls.filter(({ problem }) => problem === undefined)
    if (usable.length > 0) this.#useless = 0
    else if (calls.length > 0) this.#countUseless(calls[0]?.problem ?? 'its tool call is wrong')
    else {
      this.#countUseless('it called no tool')
      this.tell('You called no tool. Work through the tools, and call submit when you are done.')
    }
    return usable.length === 0 ? undefined : this.#carryOut(usable, signal)
  }

  /** One after the other, and each gets its result, as the protocol wants. */
  async #carryOut(calls: readonly Call[], signal: AbortSignal): Promise<string | undefined> {
    let submitted: string | undefined
    for (const [index, { id, name, input }] of calls.entries()) {
      signal.throwIfAborted()
      let text: string
      if (submitted !== undefined) text = 'Left out: your changes were handed over before.'
      else if (index >= limits.agentStepCalls || !isToolName(name)) {
        text = `Left out: ${limits.agentStepCalls} calls in one answer are carried out.`
      } else {
        const outcome = await this.#tools.run(name, input)
        submitted = outcome.submitted
        text = outcome.text
      }
      const value = bounded(text, 2 * limits.agentResultChars)
      const result = { type: 'tool-result', toolCallId: id, toolName: name, output: { type: 'text', value } } as const
      this.#messages.push({ role: 'tool', content: [result] })
    }
    return submitted
  }

  #countUseless(why: string): void {
    this.#useless += 1
    this.#options.progress(`an answer of no use: ${why}`)
    if (this.#useless < limits.agentUselessAnswers) return
    const text = `${this.#useless} answers in a row were of no use; the last: ${oneLine(this.#options.open.strike(why))}`
    throw new LazaretError('AGENT_FAILED', text)
  }
}
