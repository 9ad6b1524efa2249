/** What was captured when it failed, each part folded but for what is most telling. */
import type { ComponentChildren, JSX } from 'preact'
import type { StoryEvidence, StoryLogLine, StoryMessage, StoryResource } from '../../story-shape.ts'
import { Scroll } from '../scroll.tsx'
import { clockTime, count } from '../words.ts'
import { FlameView } from './flame.tsx'
import { bytes } from './words.ts'

interface Props {
  readonly evidence: StoryEvidence
  readonly incident: string
  /** In a file, where nothing runs. */
  readonly isStill: boolean
}

export function EvidenceSection({ evidence, incident, isStill }: Props): JSX.Element {
  const { folder, files, problems, log, messages, messagesLeftOut, resources, config, flame, hangStack } = evidence
  return (
    <section aria-labelledby="story-evidence">
      <h2 id="story-evidence">Evidence</h2>
      {[...problems, ...evidence.drift, ...evidence.damage].map((text) => (
        <p key={text} class="found">
          {text}
        </p>
      ))}
      {evidence.flameMissing !== undefined && <p class="found">There is no profile: {evidence.flameMissing}.</p>}
      {flame !== undefined && (
        <Part title="Where the thread hung" isOpen={true}>
          <FlameView {...{ flame, isStill }} />
        </Part>
      )}
      {hangStack !== undefined && flame === undefined && (
        <Part title="Where the thread hung" isOpen={true}>
          <p class="quiet">Its stack, innermost first.</p>
          <Scroll class="code" label="Stack of the hung thread">
            <pre>{hangStack}</pre>
          </Scroll>
        </Part>
      )}
      <Part title={`Last messages (${messages.length})`} isOpen={messages.length > 0 && messages.length <= 12}>
        <Messages {...{ messages, leftOut: messagesLeftOut }} />
      </Part>
      <Part title={`Log (${count(log.length, 'line')})`} isOpen={log.length > 0 && log.length <= 12}>
        <Log lines={log} />
      </Part>
      {resources.length > 0 && (
        <Part title="Resources">
          <Resources resources={resources} />
        </Part>
      )}
      {config !== undefined && (
        <Part title="Configuration">
          <pre class="code">{config}</pre>
        </Part>
      )}
      {folder !== undefined && (
        <Part title={`Files (${files.length})`}>
          <p>
            <code>{folder}</code>
          </p>
          <p>
            To make it happen again in the sandbox: <code>lazaret replay {incident}</code>
          </p>
          <ul class="plain">
            {files.map(({ name, bytes: size }) => (
              <li key={name}>
                <span class="mono">{name}</span> <span class="quiet">{bytes(size)}</span>
              </li>
            ))}
          </ul>
        </Part>
      )}
    </section>
  )
}

function Part(props: { title: string; isOpen?: boolean; children: ComponentChildren }): JSX.Element {
  return (
    <details class="panel part" open={props.isOpen === true}>
      <summary>{props.title}</summary>
      {props.children}
    </details>
  )
}

function Messages({ messages, leftOut }: { messages: readonly StoryMessage[]; leftOut: number }): JSX.Element {
  if (messages.length === 0) return <p class="quiet">None were recorded.</p>
  return (
    <Scroll class="scroll" label="Last messages">
      {leftOut > 0 && <p class="quiet">{count(leftOut, 'earlier message')} not shown.</p>}
      <ol class="plain messages">
        {messages.map((message, index) => (
          <li key={`${index} ${message.method}`} class={message.failed ? 'bad' : ''}>
            <span class="quiet">
              {message.at === undefined ? '' : `${clockTime(message.at)} `}
              {message.kind} {message.kind === 'reply' ? 'of' : 'from'} {message.other}
            </span>{' '}
            <code>
              {message.method}({message.args})
            </code>
            {message.answer !== undefined && (
              <>
                {' '}
                <span class="quiet">gave</span> <code>{message.answer}</code>
              </>
            )}
          </li>
        ))}
      </ol>
    </Scroll>
  )
}

const levelTones: Readonly<Record<StoryLogLine['level'], string>> = {
  ...{ trace: 'quiet', debug: 'quiet', info: 'calm', warn: 'watch', error: 'bad', fatal: 'bad' },
}

function Log({ lines }: { lines: readonly StoryLogLine[] }): JSX.Element {
  if (lines.length === 0) return <p class="quiet">It logged nothing.</p>
  return (
    <Scroll class="scroll" label="Log">
      <ol class="plain log mono">
        {lines.map(({ time, level, msg, facts }, index) => (
          <li key={`${index} ${msg}`}>
            <span class="quiet">{time === undefined ? '' : clockTime(time)}</span>{' '}
            <span class={levelTones[level]}>{level}</span> {msg}{' '}
            {facts !== undefined && <span class="quiet">{facts}</span>}
          </li>
        ))}
      </ol>
    </Scroll>
  )
}

function Resources({ resources }: { resources: readonly StoryResource[] }): JSX.Element {
  return (
    <dl class="facts">
      {resources.map(({ name, value, share }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}{' '}
            {share !== undefined && (
              <meter min={0} max={1} low={0.7} high={0.9} optimum={0} value={share} aria-label={name} />
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}
