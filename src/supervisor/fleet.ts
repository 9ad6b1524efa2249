/**
 * From what people write to what the runtime runs: reads a fleet, checks it to the last key, fills in the defaults,
 * finds the modules and the order of starting. Nothing is started here, and nothing is guessed: whatever is not
 * accepted is one FLEET_INVALID that says where it stands and what would be.
 */
import { dirname, resolve } from 'node:path'
import type { AgentsSpec } from '../base/agents-spec.ts'
import { type InputProblem, inputError, showValue } from '../base/input-problem.ts'
import type { FleetSpec, KernelSpec } from '../base/spec.ts'
import { readYamlFile } from '../base/yaml-file.ts'
import { degradedOf } from './fleet-degraded.ts'
import { findEntries } from './fleet-entry.ts'
import { type FleetInput, snapshotEveryMs } from './fleet-input.ts'
import { levelsOf } from './fleet-levels.ts'
import { plainCopy } from './fleet-object.ts'
import { otherKernelProblem } from './fleet-relation.ts'
import { type ParsedKernel, parseAgents, parseFleet } from './fleet-schema.ts'

export type { AgentsInput } from './agents-schema.ts'
export type { FleetInput, KernelInput } from './fleet-input.ts'

export interface LoadFleetOptions {
  /** Folder that the entries of an object are relative to. Default: the working directory. */
  readonly baseDir?: string
}

interface Source {
  readonly value: unknown
  readonly baseDir: string
  readonly file?: string
  error(first: InputProblem, rest?: readonly InputProblem[]): Error
}

/**
 * Synchronous, and to be called again whenever the fleet may have changed: it keeps nothing.
 *
 * @param source path of a YAML file (its entries are relative to it), or an object of the same shape.
 * @throws LazaretError FLEET_INVALID: one paragraph about the first problem, `details` with file, line, column, key,
 * accepted, got, the number of further problems (`more`) and the first ten of them (`others`).
 */
export function loadFleet(source: string | FleetInput, options: LoadFleetOptions = {}): FleetSpec {
  const { value, baseDir, file, error } = typeof source === 'string' ? fromFile(source) : fromObject(source, options)
  const { kernels: parsed, agents, problems } = parseFleet(value)
  const refuse = ([first, ...rest]: readonly InputProblem[]) => {
    if (first !== undefined) throw error(first, rest)
  }
  refuse(problems)
  const entries = parsed.map((kernel, index) => ({ at: ['kernels', index, 'entry'], path: kernel.entry }))
  const { urls, problems: unfit } = findEntries(entries, baseDir)
  const { degraded, problems: unroutable } = degradedOf(parsed, baseDir)
  const relations = parsed.flatMap((kernel, index) => relationProblems(kernel, index, parsed))
  refuse([...relations, ...unfit, ...unroutable])
  const order = levelsOf(parsed)
  if ('cycle' in order) throw error(cycleProblem(order.cycle, parsed))
  const kernels = parsed.map((kernel, index) =>
    toSpec(kernel, urls[index] ?? '', degraded[index] as KernelSpec['degraded']),
  )
  return { kernels, agents, levels: order.levels, ...(file === undefined ? {} : { file }) }
}

/**
 * What `createRuntime({ agents })` was given, in the place of the fleet's own section.
 * @throws LazaretError OPTION_INVALID
 */
export function checkAgents(input: unknown): AgentsSpec {
  const refuse = (first: InputProblem, rest: readonly InputProblem[] = []) =>
    inputError('OPTION_INVALID', { name: 'createRuntime' }, first, rest)
  const copied = plainCopy(input)
  if ('problem' in copied) throw refuse(copied.problem)
  const { agents, problems } = parseAgents(copied.value)
  const [first, ...rest] = problems
  if (first !== undefined) throw refuse(first, rest)
  return agents
}

function fromFile(path: string): Source {
  const yaml = readYamlFile(path, { code: 'FLEET_INVALID' })
  return { value: yaml.value, baseDir: dirname(yaml.file), file: yaml.file, error: yaml.error }
}

function fromObject(input: unknown, options: LoadFleetOptions): Source {
  const error: Source['error'] = (first, rest) => inputError('FLEET_INVALID', { name: 'fleet' }, first, rest)
  const copied = plainCopy(input)
  if ('problem' in copied) throw error(copied.problem)
  return { value: copied.value, baseDir: resolve(options.baseDir ?? '.'), error }
}

/** What a key on its own cannot tell: ids that stand twice, dependencies on nobody, delays that contradict. */
function relationProblems(kernel: ParsedKernel, index: number, kernels: readonly ParsedKernel[]): InputProblem[] {
  const problems: InputProblem[] = []
  const first = kernels.findIndex((other) => other.id === kernel.id)
  if (first < index) {
    problems.push({
      path: ['kernels', index, 'id'],
      accepted: 'an id that no other kernel has',
      got: `${showValue(kernel.id)}, which kernels[${first}] has too`,
      advice: 'Rename one of them.',
    })
  }
  const { backoffMs, backoffMaxMs } = kernel.restart
  if (backoffMaxMs < backoffMs) {
    problems.push({
      path: ['kernels', index, 'restart', 'backoffMaxMs'],
      accepted: `backoffMs (${backoffMs}) or more (milliseconds)`,
      got: String(backoffMaxMs),
      advice: `Raise it to ${backoffMs} or more, or lower backoffMs.`,
    })
  }
  for (const [position, id] of kernel.dependsOn.entries()) {
    const path = ['kernels', index, 'dependsOn', position]
    const problem = otherKernelProblem(path, id, kernel, kernels)
    if (problem !== undefined) problems.push(problem)
  }
  return problems
}

function cycleProblem(cycle: readonly string[], kernels: readonly ParsedKernel[]): InputProblem {
  const index = kernels.findIndex((kernel) => kernel.id === cycle[0])
  const shown = cycle.length <= 12 ? cycle : [...cycle.slice(0, 10), '...', ...cycle.slice(-1)]
  return {
    path: ['kernels', index, 'dependsOn'],
    accepted: 'dependencies that lead nowhere back',
    got: `a cycle, ${shown.join(' -> ')}`,
    advice: 'Remove one of these dependencies: none of these kernels could be started first.',
  }
}

function toSpec(kernel: ParsedKernel, entryUrl: string, degraded: KernelSpec['degraded']): KernelSpec {
  const { entry: _entry, snapshot, ...rest } = kernel
  return {
    ...rest,
    entryUrl,
    degraded,
    snapshot: { everyMs: snapshot.everyMs ?? snapshotEveryMs(kernel.tier), keep: snapshot.keep },
  }
}
