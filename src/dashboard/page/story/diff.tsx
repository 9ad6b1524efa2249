/** A patch as two columns: what was there, and what is there now. On a narrow screen one below the other, line by line. */
import type { JSX } from 'preact'
import type { DiffFile, DiffRow, DiffSide } from '../../diff-rows.ts'
import { Scroll } from '../scroll.tsx'
import { count } from '../words.ts'

export function DiffView({ diff }: { diff: DiffFile }): JSX.Element {
  const { file, added, removed, rows, leftOut, problem } = diff
  if (problem !== undefined)
    return (
      <p class="quiet">
        {file} cannot be shown: {problem}.
      </p>
    )
  return (
    <figure class="diff">
      <figcaption>
        <span class="mono">{file}</span> <span class="good">+{added}</span> <span class="bad">-{removed}</span>
      </figcaption>
      <Scroll class="diff-scroll" label={`Change of ${file}`}>
        <table>
          <colgroup>
            <col class="number" />
            <col />
            <col class="number" />
            <col />
          </colgroup>
          <thead class="unseen">
            <tr>
              <th scope="col">line before</th>
              <th scope="col">before</th>
              <th scope="col">line after</th>
              <th scope="col">after</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <Row key={`${index} ${row.left?.n} ${row.right?.n}`} row={row} />
            ))}
          </tbody>
        </table>
      </Scroll>
      {leftOut > 0 && <p class="quiet">{count(leftOut, 'more row')} not shown.</p>}
    </figure>
  )
}

function Row({ row: { kind, left, right } }: { row: DiffRow }): JSX.Element {
  if (kind === 'gap')
    return (
      <tr class="gap">
        <td colSpan={4}>...</td>
      </tr>
    )
  const isChange = kind !== 'same'
  return (
    <tr class={kind}>
      <Side {...{ side: left, name: isChange && left !== undefined ? 'removed' : '' }} />
      <Side {...{ side: right, name: isChange && right !== undefined ? 'added' : '' }} />
    </tr>
  )
}

function Side({ side, name }: { side: DiffSide | undefined; name: string }): JSX.Element {
  if (side === undefined)
    return (
      <>
        <td class="number none" />
        <td class="text none" />
      </>
    )
  return (
    <>
      <td class={`number ${name}`}>{side.n}</td>
      <td class={`text ${name}`}>
        {name !== '' && <span class="unseen">{name === 'added' ? 'added: ' : 'removed: '}</span>}
        {side.parts.map((part, index) =>
          part.marked === true ? <mark key={`${index} ${part.text}`}>{part.text}</mark> : part.text,
        )}
      </td>
    </>
  )
}
