/**
 * The story of an incident on one page, from what failed to what was learnt. A function of the story alone, so that the
 * page and the exported file are one: what can be clicked is handed in, and left out where nothing is.
 */
import type { ComponentChildren, JSX } from 'preact'
import type { Story, StoryIncident } from '../../story-shape.ts'
import { count, duration } from '../words.ts'
import { AttemptSection } from './attempt.tsx'
import { ErrorSection } from './error.tsx'
import { EvidenceSection } from './evidence.tsx'
import { LadderSection } from './ladder.tsx'
import './story.css'
import { budgetText, moment } from './words.ts'

interface Props {
  readonly story: Story
  /** Epoch milliseconds, for what goes on. Default: when the story was told. */
  readonly now?: number
  /** Links to the kernel and to other incidents; absent in a file, where nothing runs. */
  readonly linkTo?: (view: 'kernel' | 'incident', id: string) => string
  /** What a person may do now. */
  readonly buttons?: ComponentChildren
}

export function StoryArticle({ story, now = story.at, linkTo, buttons }: Props): JSX.Element {
  const { incident, headline } = story
  return (
    <article class="story">
      <header class={`story-head panel ${headline.tone}`}>
        <p class="over">
          Incident of <Link {...{ linkTo, view: 'kernel', id: incident.kernel }} />, tier {incident.tier}
          {story.kernel !== undefined && <> · now {story.kernel.state}</>}
        </p>
        <h1>{headline.what}</h1>
        <p class="now">{headline.now}</p>
        {headline.need !== undefined && <p class="need">{headline.need}</p>}
        <Task story={story} />
        {buttons}
      </header>
      <div class="story-columns">
        <div class="story-main">
          <ErrorSection errors={story.errors} />
          <div class="story-facts">
            <Facts {...{ incident, story, now }} />
            <HowOften story={story} />
            <Related {...{ story, linkTo }} />
          </div>
        </div>
        <LadderSection {...{ steps: story.ladder, leftOut: story.stepsLeftOut, now }} />
      </div>
      <Attempts story={story} />
      <EvidenceSection {...{ evidence: story.evidence, incident: incident.id, isStill: linkTo === undefined }} />
      <PlaybookSection story={story} />
    </article>
  )
}

function Task({ story: { task } }: { story: Story }): JSX.Element | null {
  if (task === undefined || (task.claim === undefined && task.expiresAt === undefined)) return null
  const { claim, expiresAt } = task
  return (
    <p class="quiet">
      {claim !== undefined && `${claim.by} works on it, until ${moment(claim.until)}. `}
      {expiresAt !== undefined && `The repair may be approved until ${moment(expiresAt)}.`}
    </p>
  )
}

function Link({ linkTo, view, id }: Pick<Props, 'linkTo'> & { view: 'kernel' | 'incident'; id: string }): JSX.Element {
  return linkTo === undefined ? <strong>{id}</strong> : <a href={linkTo(view, id)}>{id}</a>
}

function Facts({ incident, story, now }: { incident: StoryIncident; story: Story; now: number }): JSX.Element {
  const { openedAt, resolvedAt, status } = incident
  const lasted = duration(Math.max(0, (resolvedAt ?? now) - openedAt))
  const rows: [string, string | undefined][] = [
    ['Opened', moment(openedAt)],
    [status === 'open' ? 'Open for' : 'Resolved after', lasted],
    ['Seen', count(incident.count, 'time')],
    ['Failed in', incident.phase],
    ['Healed by', incident.healedBy],
    ['How it ended', incident.resolution],
    ['Hotfix', story.hotfix === undefined ? undefined : `${story.hotfix.status}: ${story.hotfix.why}`],
    ['Fingerprint', incident.fingerprint],
    ['Id', incident.id],
  ]
  return (
    <section class="panel" aria-labelledby="story-short">
      <h2 id="story-short">In short</h2>
      <dl class="facts">
        {rows.map(([name, value]) =>
          value === undefined ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd class={name === 'Id' || name === 'Fingerprint' ? 'mono' : undefined}>{value}</dd>
            </div>
          ),
        )}
      </dl>
    </section>
  )
}

function Attempts({ story: { attempts, attemptsLeftOut } }: { story: Story }): JSX.Element {
  return (
    <section aria-labelledby="story-attempts">
      <h2 id="story-attempts">Repairs</h2>
      {attempts.length === 0 && <p class="quiet">None was tried.</p>}
      {attemptsLeftOut > 0 && <p class="quiet">{count(attemptsLeftOut, 'earlier attempt')} not shown.</p>}
      {attempts.map((attempt) => (
        <AttemptSection key={attempt.n} attempt={attempt} />
      ))}
    </section>
  )
}

function PlaybookSection({ story: { playbook } }: { story: Story }): JSX.Element | null {
  if (playbook === undefined) return null
  const { name, role, versions, text } = playbook
  return (
    <section aria-labelledby="story-playbook">
      <h2 id="story-playbook">{role === 'learnt' ? 'The playbook that came of it' : 'The playbook that healed it'}</h2>
      <div class="panel">
        <p class="mono">{name}</p>
        {versions.length > 0 && (
          <ul class="plain">
            {versions.map(({ version, at, change }) => (
              <li key={version}>
                <span class="quiet">
                  version {version}, {moment(at)}:
                </span>{' '}
                {change}
              </li>
            ))}
          </ul>
        )}
        {text === '' ? (
          <p class="quiet">Its text is not kept any more.</p>
        ) : (
          <details>
            <summary>Its text</summary>
            <pre class="code">{text}</pre>
          </details>
        )}
      </div>
    </section>
  )
}

function HowOften({ story }: { story: Story }): JSX.Element | null {
  const { failures, failuresLeftOut, kernel } = story
  if (failures.length === 0 && kernel === undefined) return null
  return (
    <section class="panel" aria-labelledby="story-failures">
      <h2 id="story-failures">How often</h2>
      {kernel !== undefined && <p>{budgetText(kernel)}</p>}
      {failuresLeftOut > 0 && <p class="quiet">{count(failuresLeftOut, 'earlier failure')} not shown.</p>}
      <ol class="plain failures">
        {failures.map(({ at, phase, text, same }) => (
          <li key={at}>
            <span class="quiet">
              {moment(at)}, in {phase}
              {same ? '' : ', another failure'}
            </span>
            <br />
            {text}
          </li>
        ))}
      </ol>
    </section>
  )
}

function Related({ story: { related }, linkTo }: { story: Story } & Pick<Props, 'linkTo'>): JSX.Element | null {
  if (related.length === 0) return null
  return (
    <section class="panel" aria-labelledby="story-related">
      <h2 id="story-related">The same failure before</h2>
      <ul class="plain">
        {related.map(({ id, openedAt, status, healedBy }) => (
          <li key={id}>
            <Link {...{ linkTo, view: 'incident', id }} />
            <br />
            <span class="quiet">
              {moment(openedAt)}, {status === 'open' ? 'open' : `healed by ${healedBy ?? 'a person'}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
