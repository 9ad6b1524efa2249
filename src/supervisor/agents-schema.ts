/**
 * What a fleet, or `createRuntime({ agents })`, may say about repair agents from outside. Whether their packages are
 * there, and a key, is repair/agents/outside.ts's part.
 */
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { type ModelProvider, modelProviders } from '../base/agents-spec.ts'
import { limits } from '../base/limits.ts'
import { envName, listOf, oneOf, section, whole } from './schema-words.ts'

/** Repair agents from outside. None is asked unless it is configured here. */
export interface AgentsInput {
  /** A model behind an HTTP endpoint, through the packages `ai` and `@ai-sdk/openai-compatible` or `@ai-sdk/anthropic`. */
  readonly model?: ModelInput
  /** A coding agent with a command line, started in a copy of the kernel's folder. */
  readonly command?: ProgramInput
  /** A coding agent that speaks the Agent Client Protocol over stdio, through `@agentclientprotocol/sdk`. */
  readonly acp?: ProgramInput
}

export interface ModelInput {
  readonly provider: ModelProvider
  /** http or https, without user and password. Required for `openai-compatible`. */
  readonly baseUrl?: string
  readonly model: string
  /** Name of the environment variable with the key, which is never in a file. Required for `anthropic`. */
  readonly apiKeyEnv?: string
  /** Candidates in one repair: 1 to 20, default 3. */
  readonly attempts?: number
  /** 1 to 240, default 10. */
  readonly minutes?: number
  /** In and out together in one repair: 1000 or more, default 200000. */
  readonly maxTokens?: number
  /** In one repair: above 0, default 1. Needs the two prices. */
  readonly maxUsd?: number
  /** US dollars for a million tokens: 0 or more. */
  readonly usdPerMillionIn?: number
  readonly usdPerMillionOut?: number
  /** 0 to 2. Default: the model's own. */
  readonly temperature?: number
}

export interface ProgramInput {
  /** Program and arguments. `{task}` stands for the path of TASK.md and `{workspace}` for its folder. */
  readonly run: readonly string[]
  /** Names of environment variables that it gets besides PATH. None by default: process.env holds secrets. */
  readonly env?: readonly string[]
  /** Absolute paths that it may read where it runs in bubblewrap, which hides the home folder and /tmp. */
  readonly bind?: readonly string[]
  /** Of all its attempts in one repair: 1 to 240, default 10. */
  readonly minutes?: number
  /** Candidates in one repair: 1 to 20, default 3. */
  readonly attempts?: number
}

/** `model` and `run` have none; maxUsd counts where prices are given. */
export const agentDefaults = {
  model: { attempts: 3, minutes: 10, maxTokens: 200_000, maxUsd: 1 },
  command: { env: [], bind: [], attempts: 3, minutes: 10 },
  acp: { env: [], bind: [], attempts: 3, minutes: 10 },
} as const

const attempts = whole(1, limits.agentAttempts, 'candidates')
const minutes = whole(1, limits.agentMinutes, 'minutes')
const urlRule = 'a URL that begins with http:// or https://, without user, password, ? and #'
const price = 'a number of US dollars for a million tokens, 0 or more'
const usd = 'a number of US dollars above 0'
const temperature = 'a number from 0 to 2'
const runRule = 'a list of a program and its arguments, all texts'
const pathRule = 'an absolute path'

function isPlainUrl(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return false
  return url.username === '' && url.password === '' && url.search === '' && url.hash === ''
}

const modelSchema = section({
  provider: oneOf(modelProviders),
  baseUrl: z.string(urlRule).refine(isPlainUrl, urlRule).exactOptional(),
  model: z.string('the name of a model').min(1, 'the name of a model'),
  apiKeyEnv: envName.exactOptional(),
  attempts: attempts.default(agentDefaults.model.attempts),
  minutes: minutes.default(agentDefaults.model.minutes),
  maxTokens: whole(1000, limits.agentTokens, 'tokens').default(agentDefaults.model.maxTokens),
  maxUsd: z.number(usd).positive(usd).exactOptional(),
  usdPerMillionIn: z.number(price).min(0, price).exactOptional(),
  usdPerMillionOut: z.number(price).min(0, price).exactOptional(),
  temperature: z.number(temperature).min(0, temperature).max(2, temperature).exactOptional(),
})
  .superRefine((model, ctx) => {
    const missing = (key: string, message: string) => ctx.addIssue({ code: 'custom', path: [key], message })
    if (model.provider === 'openai-compatible' && model.baseUrl === undefined) missing('baseUrl', urlRule)
    if (model.provider === 'anthropic' && model.apiKeyEnv === undefined)
      missing('apiKeyEnv', 'the name of the environment variable that holds the key')
    const isPriced = model.usdPerMillionIn !== undefined || model.usdPerMillionOut !== undefined
    for (const key of ['usdPerMillionIn', 'usdPerMillionOut'] as const) {
      if (model[key] === undefined && (isPriced || model.maxUsd !== undefined))
        missing(key, `${price}, since maxUsd needs both prices`)
    }
  })
  .transform((model) => ({ ...model, maxUsd: model.maxUsd ?? agentDefaults.model.maxUsd }))

const programSchema = section({
  run: z.array(z.string(runRule).min(1, runRule), runRule).min(1, runRule).max(limits.agentArguments, runRule),
  env: listOf(envName, 'a list of names').default([]),
  bind: listOf(z.string(pathRule).refine(isAbsolute, pathRule), 'a list of absolute paths').default([]),
  minutes: minutes.default(agentDefaults.command.minutes),
  attempts: attempts.default(agentDefaults.command.attempts),
})

export const agentKeys = {
  model: [
    ...['provider', 'baseUrl', 'model', 'apiKeyEnv', 'attempts', 'minutes', 'maxTokens', 'maxUsd'],
    ...['usdPerMillionIn', 'usdPerMillionOut', 'temperature'],
  ],
  command: Object.keys(programSchema.shape),
  acp: Object.keys(programSchema.shape),
} as const

export const agentsSchema = section({
  model: modelSchema.exactOptional(),
  command: programSchema.exactOptional(),
  acp: programSchema.exactOptional(),
})
