/** JSON as a tree that folds. What is in it is text and is never read as anything else. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

const openDepth = 1
const entriesShown = 200

export function JsonTree({ text, name }: { readonly text: string; readonly name: string }): JSX.Element {
  const parsed = useMemo(() => parse(text), [text])
  if (parsed === undefined)
    return (
      <pre class="json-cut">
        {text}
        {'\n'}
        <span class="quiet">Too long to be told whole.</span>
      </pre>
    )
  return (
    <div class="json-tree mono">
      <Value name={name} value={parsed.value} depth={0} />
    </div>
  )
}

/** Undefined where the text was cut on its way, so that it is no JSON any more. */
function parse(text: string): { readonly value: Json } | undefined {
  try {
    return { value: JSON.parse(text) as Json }
  } catch {
    // Expected of what was cut.
    return undefined
  }
}

function Value({
  name,
  value,
  depth,
}: {
  readonly name: string
  readonly value: Json
  readonly depth: number
}): JSX.Element {
  if (value === null || typeof value !== 'object')
    return (
      <div class="leaf">
        <span class="key">{name}</span>: <Leaf value={value} />
      </div>
    )
  return <Branch name={name} value={value} depth={depth} />
}

function Branch({
  name,
  value,
  depth,
}: {
  readonly name: string
  readonly value: readonly Json[] | { readonly [key: string]: Json }
  readonly depth: number
}): JSX.Element {
  const isOpen = useSignal(depth < openDepth)
  const isList = Array.isArray(value)
  const entries = Object.entries(value)
  const size = isList ? `[${entries.length}]` : `{${entries.length}}`
  if (entries.length === 0)
    return (
      <div class="leaf">
        <span class="key">{name}</span>: <span class="quiet">{isList ? '[]' : '{}'}</span>
      </div>
    )
  return (
    <details open={isOpen.value} onToggle={({ currentTarget }) => (isOpen.value = currentTarget.open)}>
      <summary>
        <span class="key">{name}</span> <span class="quiet">{size}</span>
      </summary>
      {isOpen.value && (
        <div class="inside">
          {entries.slice(0, entriesShown).map(([key, inner]) => (
            <Value key={key} name={key} value={inner} depth={depth + 1} />
          ))}
          {entries.length > entriesShown && <div class="quiet">and {entries.length - entriesShown} more</div>}
        </div>
      )}
    </details>
  )
}

function Leaf({ value }: { readonly value: string | number | boolean | null }): JSX.Element {
  return <span class={value === null ? 'null' : typeof value}>{JSON.stringify(value)}</span>
}
