/** What failed: the error and its causes, each with the lines of source it came from; callers are folded. */
import type { JSX } from 'preact'
import type { SourceFrame } from '../../../diagnostics/source-frames.ts'
import type { StoryError } from '../../story-shape.ts'
import { Scroll } from '../scroll.tsx'
import { shortFile } from './words.ts'

export function ErrorSection({ errors }: { errors: readonly StoryError[] }): JSX.Element {
  return (
    <section aria-labelledby="story-error">
      <h2 id="story-error">What failed</h2>
      {errors.map((error, index) => (
        <ErrorPanel key={`${index} ${error.message}`} {...{ error, isCause: index > 0 }} />
      ))}
    </section>
  )
}

function ErrorPanel({ error, isCause }: { error: StoryError; isCause: boolean }): JSX.Element {
  const { name, code, message, stack, hint } = error
  // Two calls on one line have the same lines around them.
  const frames = error.frames.filter(({ file, line }, index, all) => {
    const before = all[index - 1]
    return before === undefined || before.file !== file || before.line !== line
  })
  const [first, ...callers] = frames
  return (
    <div class="panel error-panel">
      <p class="error-text">
        {isCause && <span class="quiet">caused by </span>}
        <strong>{name}</strong> {code !== undefined && <span class="chip bad">{code}</span>} {message}
      </p>
      {hint !== undefined && <p class="quiet">{hint}</p>}
      {first !== undefined && (
        <figure class="frame">
          <figcaption>
            <FramePlace frame={first} />
          </figcaption>
          <Source frame={first} />
        </figure>
      )}
      {callers.map((frame) => (
        <details key={`${frame.file}:${frame.line}:${frame.column}`} class="frame">
          <summary>
            called from <FramePlace frame={frame} />
          </summary>
          <Source frame={frame} />
        </details>
      ))}
      {stack !== undefined && (
        <details>
          <summary>the whole stack</summary>
          <Scroll class="code" label="Stack">
            <pre>{stack}</pre>
          </Scroll>
        </details>
      )}
    </div>
  )
}

function FramePlace({ frame: { fn, file, line, column, ranAt } }: { frame: SourceFrame }): JSX.Element {
  return (
    <>
      <span class="mono">
        {shortFile(file)}:{line}:{column}
      </span>
      {fn !== '' && fn !== '<anonymous>' && (
        <>
          {' '}
          in <span class="mono">{fn}</span>
        </>
      )}
      {ranAt !== undefined && (
        <span class="quiet">
          {' '}
          (mapped; it ran as {shortFile(ranAt.file)}:{ranAt.line})
        </span>
      )}
    </>
  )
}

function Source({ frame }: { frame: SourceFrame }): JSX.Element | null {
  const { file, line, column, cut = 0, first, lines } = frame
  if (lines.length === 0) return null
  return (
    <Scroll class="code" label={`Source around line ${line} of ${shortFile(file)}`}>
      <pre class="source">
        {lines.map((text, index) => {
          const n = first + index
          return (
            <span key={n} class={n === line ? 'line at' : 'line'}>
              <span class="number">{n}</span>
              {n === line && <span class="unseen">at fault: </span>}
              {n === line ? <AtColumn text={text} at={column - 1 - cut} /> : text}
              {'\n'}
            </span>
          )
        })}
      </pre>
    </Scroll>
  )
}

/** The word at the column is marked. */
function AtColumn({ text, at }: { text: string; at: number }): JSX.Element {
  const word = /^\.?[\w$#]+|^[^\s\w]+/.exec(text.slice(Math.max(0, at)))?.[0] ?? ''
  if (at < 0 || word === '') return <>{text}</>
  return (
    <>
      {text.slice(0, at)}
      <mark>{word}</mark>
      {text.slice(at + word.length)}
    </>
  )
}
