/** One attempt at a repair: who, why, what it changes, what the proof saw. */
import type { JSX } from 'preact'
import type { StoryAttempt, StoryProof } from '../../story-shape.ts'
import { clockTime, count, duration } from '../words.ts'
import { DiffView } from './diff.tsx'
import { costText } from './words.ts'

const roles = { applied: 'applied', waiting: 'waits for a word' } as const

export function AttemptSection({ attempt }: { attempt: StoryAttempt }): JSX.Element {
  const { n, at, agent, outcome, role, why, steps, proof, cost } = attempt
  const tone = role === 'applied' ? 'good' : role === 'waiting' ? 'watch' : proof?.passed === false ? 'bad' : 'plain'
  const body = (
    <>
      <p>{why}</p>
      <ol class="steps">
        {steps.map((step, index) => (
          <li key={`${index} ${step.words}`}>
            {step.words}
            {step.diffs?.map((diff) => (
              <DiffView key={diff.file} diff={diff} />
            ))}
            {step.remark !== undefined && <p class="quiet">{step.remark}</p>}
          </li>
        ))}
      </ol>
      {proof !== undefined && <Proof proof={proof} />}
      {cost !== undefined && costText(cost) !== '' && <p class="quiet">The agent took {costText(cost)}.</p>}
    </>
  )
  const head = (
    <>
      <strong>
        {n}. {agent}
      </strong>{' '}
      <span class={`chip ${tone}`}>{role === undefined ? outcome : roles[role]}</span>{' '}
      <span class="quiet">{clockTime(at)}</span>
    </>
  )
  // Those that did not hold are folded: what holds, or waits, is what one came for.
  if (role === undefined)
    return (
      <details class="panel attempt">
        <summary>
          {head} <span class="quiet">{proof?.refusal ?? why}</span>
        </summary>
        {body}
      </details>
    )
  return (
    <div class="panel attempt">
      <p>{head}</p>
      {body}
    </div>
  )
}

function Proof({ proof }: { proof: StoryProof }): JSX.Element {
  const { passed, isolation, durationMs, refusal, lines } = proof
  const held = lines.filter((line) => line.passed).length
  return (
    <div class="proof">
      <h3>
        The proof{' '}
        <span class={`chip ${passed ? 'good' : 'bad'}`}>
          {passed ? 'holds' : 'does not hold'}: {held} of {count(lines.length, 'line')}
        </span>
      </h3>
      <p class="quiet">
        {duration(durationMs)} in the sandbox, isolation {isolation}
        {refusal === undefined ? '' : `; ${refusal}`}
      </p>
      <ol class="plain proof-lines">
        {lines.map((line) => (
          <li key={line.name} class={line.passed ? 'good' : 'bad'}>
            <span class="verdict">{line.passed ? 'holds' : 'fails'}</span>
            <span>
              <strong>{line.name}</strong> {line.detail}
            </span>
            <span class="quiet">{duration(line.durationMs)}</span>
          </li>
        ))}
      </ol>
    </div>
  )
}
