/** What failed: the error and its causes, each with the lines of source it came from. */
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
  const { name, code, message, stack, hint, frames } = error
  return (
    <div class="panel error-panel">
      <p class="error-text">
        {isCause && <span class="quiet">caused by </span>}
        <strong>{name}</strong>
        {code !== undefined && <span class="chip bad">{code}</span>} {message}
      </p>
      {hint !== undefined && <p class="quiet">{hint}</p>}
      {frames.map((frame) => (
        <Frame key={`${frame.file}:${frame.line}:${frame.column}`} frame={frame} />
      ))}
      {stack !== undefined && (
        <details>
          <summary>Stack</summary>
          <pre class="code">{stack}</pre>
        </details>
      )}
    </div>
  )
}

function Frame({ frame }: { frame: SourceFrame }): JSX.Element {
  const { fn, file, line, column, ranAt, first, lines } = frame
  return (
    <figure class="frame">
      <figcaption>
        <span class="mono">
          {shortFile(file)}:{line}:{column}
        </span>{' '}
        {fn !== '' && <>in {fn}()</>}
        {ranAt !== undefined && (
          <span class="quiet">
            {' '}
            · ran as {shortFile(ranAt.file)}:{ranAt.line}
          </span>
        )}
      </figcaption>
      {lines.length > 0 && (
        <Scroll class="code" label={`Source around line ${line} of ${shortFile(file)}`}>
          <pre class="source">
            {lines.map((text, index) => {
              const n = first + index
              return (
                <span key={n} class={n === line ? 'line at' : 'line'}>
                  <span class="number">{n}</span>
                  {n === line && <span class="unseen">at fault: </span>}
                  {text}
                  {'\n'}
                </span>
              )
            })}
          </pre>
        </Scroll>
      )}
    </figure>
  )
}
