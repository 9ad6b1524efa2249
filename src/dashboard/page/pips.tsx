/** A budget as it is drawn: a pip for each, the used ones filled. Past a dozen it is a number. */
import type { JSX } from 'preact'
import './pips.css'

interface Props {
  readonly used: number
  readonly of: number
  /** What is counted: `crashes since it was last steady`. */
  readonly name: string
  /** So many are as it should be: the first start of a kernel. Default 0. */
  readonly free?: number
}

const most = 12

export function Pips({ used, of, name, free = 0 }: Props): JSX.Element {
  const tone = used <= free ? '' : used >= of ? 'bad' : 'watch'
  const label = `${used} of ${of} ${name}`
  if (of > most || of === 0) {
    return (
      <span class={`pips ${tone}`} title={label}>
        {used}/{of}
      </span>
    )
  }
  return (
    <svg class={`pips ${tone}`} role="img" aria-label={label} width={of * 10} height="10">
      <title>{label}</title>
      {Array.from({ length: of }, (_, index) => (
        <rect
          key={index}
          class={index < used ? 'used' : ''}
          {...{ x: index * 10 + 1, y: 1, width: 7, height: 8 }}
          rx="2"
        />
      ))}
    </svg>
  )
}
