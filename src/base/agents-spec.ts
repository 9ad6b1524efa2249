/**
 * Repair agents from outside, as they are configured, with every default filled in. None is asked unless it is
 * configured. supervisor/agents-schema.ts makes this from what people write; repair/agents/ does what it says.
 */

export const modelProviders = ['openai-compatible', 'anthropic'] as const
export type ModelProvider = (typeof modelProviders)[number]

export interface ModelSpec {
  readonly provider: ModelProvider
  /** Absent: the provider's own endpoint. */
  readonly baseUrl?: string
  readonly model: string
  /** Name of the environment variable that holds the key; the key itself is nowhere. Absent: none is sent. */
  readonly apiKeyEnv?: string
  /** Candidates proposed in one repair. */
  readonly attempts: number
  /** Of its own work in one repair; the time of the proofs is not counted. */
  readonly minutes: number
  /** In and out together, in one repair. */
  readonly maxTokens: number
  /** In one repair; counts only where prices are known. */
  readonly maxUsd: number
  readonly usdPerMillionIn?: number
  readonly usdPerMillionOut?: number
  readonly temperature?: number
}

/** A program that works in a copy of the kernel's folder: one that is given a task, or one that speaks ACP. */
export interface ProgramSpec {
  /** Program and arguments. */
  readonly run: readonly string[]
  /** Names of environment variables that it gets besides PATH. */
  readonly env: readonly string[]
  /** Absolute paths that it may read in bubblewrap besides what everybody may. */
  readonly bind: readonly string[]
  readonly minutes: number
  readonly attempts: number
}

export interface AgentsSpec {
  readonly model?: ModelSpec
  readonly command?: ProgramSpec
  readonly acp?: ProgramSpec
}
