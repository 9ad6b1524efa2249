/** A diff of two texts for the eye and for those who hear the page: sign, numbers, line. */
import type { JSX } from 'preact'
import { type DiffLine, diffLines } from './text-diff.ts'
import './text-diff.css'

const signs = { added: '+', removed: '-', same: ' ', gap: '' } as const
const words = { added: 'added', removed: 'removed', same: '', gap: '' } as const

export function TextDiff({ before, after }: { readonly before: string; readonly after: string }): JSX.Element {
  const lines = diffLines(before, after)
  if (lines.length === 0) return <p class="quiet">Their texts are the same.</p>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard.
    <section class="text-diff" aria-label="What has changed" tabIndex={0}>
      <table class="mono">
        <tbody>
          {lines.map((line, index) => (
            <Line key={index} {...line} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Line({ kind, old, new: fresh, text }: DiffLine): JSX.Element {
  if (kind === 'gap') {
    return (
      <tr class="gap">
        <td colSpan={4}>...</td>
      </tr>
    )
  }
  return (
    <tr class={kind}>
      <td class="number">{old}</td>
      <td class="number">{fresh}</td>
      <td class="sign">
        <span aria-hidden="true">{signs[kind]}</span>
        <span class="unseen">{words[kind]}</span>
      </td>
      <td class="text">{text}</td>
    </tr>
  )
}
