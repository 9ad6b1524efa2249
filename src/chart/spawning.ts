/**
 * Which actors an action spawns, as far as it can be read. `spawnChild` says so itself. Within `assign`,
 * `enqueueActions` and the context of a machine, `spawn('name')` is found in the text of the function, which is never
 * called: a name that is computed is not seen, nor is a helper that spawns.
 */
import type { MachineShape, NodeShape } from './machine-shape.ts'
import { isObject } from './machine-shape.ts'
import { spawnedName } from './naming.ts'

export function spawnsOf(node: NodeShape, machine: MachineShape): string[] {
  const actions = [...node.entry, ...node.exit]
  for (const candidates of [...node.transitions.values(), node.always ?? []]) {
    for (const { actions: own } of candidates) actions.push(...own)
  }
  const found = actions.flatMap((action) => spawnedBy(resolved(action, machine)))
  if (node === machine.root) found.push(...inText(node.config.context))
  return [...new Set(found)]
}

/** A named action as it is implemented. */
function resolved(action: unknown, machine: MachineShape): unknown {
  const name = typeof action === 'string' ? action : isObject(action) ? action.type : undefined
  const actions = machine.implementations?.actions ?? {}
  return typeof name === 'string' && Object.hasOwn(actions, name) ? actions[name] : action
}

function spawnedBy(action: unknown): string[] {
  if (typeof action !== 'function') return []
  const builtin = action as unknown as Record<string, unknown>
  switch (builtin.type) {
    case 'xstate.spawnChild':
      return [spawnedName(builtin)]
    case 'xstate.assign':
      return (isObject(builtin.assignment) ? Object.values(builtin.assignment) : [builtin.assignment]).flatMap(inText)
    case 'xstate.enqueueActions':
      return inText(builtin.collect)
    default:
      return []
  }
}

function inText(code: unknown): string[] {
  if (typeof code !== 'function') return []
  const calls = code.toString().matchAll(/\bspawn(?:Child)?\(\s*(?:(['"`])([^'"`$]+)\1|([A-Za-z_$][\w$]*)\s*[,)])/g)
  return [...calls].flatMap((call) => call[2] ?? call[3] ?? [])
}
