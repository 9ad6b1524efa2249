/**
 * How one kernel stands, above its chart: who serves it, what is left of its budgets, what is in force, how it has been
 * these last minutes, and what it can be told to do.
 */
import { useSignal } from '@preact/signals'
import type { ComponentChildren, JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import type { KernelStatus } from '../../supervisor/status.ts'
import { ask } from './api.ts'
import { isOffered, type Offer, offers } from './commands.ts'
import { Dialog } from './dialog.tsx'
import { detour, servedText } from './fleet/facts.ts'
import { Since, Uptime } from './fleet/row.tsx'
import { KernelCharts } from './kernel-charts.tsx'
import './kernel-panel.css'
import { attempt } from './notice.tsx'
import { followOpenTasks, openTasks } from './open-tasks.ts'
import { Pips } from './pips.tsx'
import { to } from './route.ts'
import { about, type LiveKernel } from './store.ts'
import { count } from './words.ts'

export function KernelPanel({
  kernel,
  withCharts = true,
}: {
  readonly kernel: LiveKernel
  /** False where they are shown elsewhere on the page. */
  readonly withCharts?: boolean
}): JSX.Element {
  useEffect(followOpenTasks, [])
  return (
    <section class="kernel-panel" aria-label={`How ${kernel.spec.id} stands`}>
      <div class="panel">
        <Facts kernel={kernel} />
        <Remarks status={kernel.status.value} />
        <Commands kernel={kernel} />
      </div>
      {withCharts && <KernelCharts kernel={kernel} />}
    </section>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Facts({ kernel }: { readonly kernel: LiveKernel }): JSX.Element {
  const status = kernel.status.value
  const { budget, starts, standbys, servedBy, reroutedTo } = status
  const beside = starts.command + starts.rejoin + starts.bystander
  return (
    <dl class="facts">
      <Fact name="State">
        {status.state} <Since at={status.stateSince} />
      </Fact>
      <Fact name="Served by">
        <span class={detour(status) === undefined ? '' : 'watch-text'}>
          {reroutedTo === undefined ? servedText(status) : <a href={to('kernel', reroutedTo)}>{reroutedTo}</a>}
        </span>
        {servedBy === 'instance' && <span class="quiet"> epoch {status.epoch}</span>}
      </Fact>
      {status.uptimeMs > 0 && (
        <Fact name="Up for">
          <Uptime kernel={kernel} />
        </Fact>
      )}
      <Fact name="Tier">{status.tier}</Fact>
      {standbys.of > 0 && (
        <Fact name="Standbys ready">
          <span class={standbys.ready < standbys.of ? 'watch-text' : ''}>
            {standbys.ready} of {standbys.of}
          </span>
        </Fact>
      )}
      <Counted title="Crashes" used={budget.failures} of={budget.max} name="crashes since it was last steady" />
      <Counted title="Starts" used={budget.starts} of={1 + budget.max} name="starts since it was last steady" free={1}>
        {beside > 0 && `, and ${beside} not charged`}
      </Counted>
      <Counted
        title="Repairs tried"
        used={budget.attempts}
        of={budget.maxAttempts}
        name="repairs tried for the open incident"
      />
      <Fact name="Mailbox">{count(status.mailbox, 'message')}</Fact>
      <Fact name="Handled">{status.handled.toLocaleString('en')}</Fact>
    </dl>
  )
}

/** A budget, drawn and in figures. */
function Counted({
  title,
  children,
  ...budget
}: Parameters<typeof Pips>[0] & { readonly title: string; readonly children?: ComponentChildren }): JSX.Element {
  return (
    <Fact name={title}>
      <Pips {...budget} />
      <span class="quiet">
        {' '}
        {budget.used} of {budget.of}
        {children}
      </span>
    </Fact>
  )
}

/** What is not as it should be, or not as the sources say; nothing in a healthy kernel. */
function Remarks({ status }: { readonly status: KernelStatus }): JSX.Element | null {
  const { id, incident, why, hotfix, parkedPatterns = [], findings = [] } = status
  const tasks = openTasks.value.filter((task) => task.kernel === id)
  if (!incident && !why && !hotfix && tasks.length + parkedPatterns.length + findings.length === 0) return null
  return (
    <ul class="remarks">
      {incident !== undefined && (
        <li>
          <span class="chip bad">incident</span> <a href={to('incident', incident)}>{incident}</a>
          {tasks.length > 0 && ` ${tasks.length === 1 ? 'A task waits' : `${tasks.length} tasks wait`} for a person.`}
        </li>
      )}
      {why !== undefined && (
        <li>
          <span class="chip bad">parked</span> {why}
        </li>
      )}
      {hotfix !== undefined && (
        <li>
          <span class="chip calm">hotfix</span> <code>{hotfix}</code> is in force: it runs patched.
        </li>
      )}
      {parkedPatterns.map((pattern) => (
        <li key={pattern}>
          <span class="chip watch">not given to it</span> {pattern}
        </li>
      ))}
      {findings.map((finding) => (
        <li key={finding}>
          <span class="chip watch">differs</span> {finding}
        </li>
      ))}
    </ul>
  )
}

function Commands({ kernel }: { readonly kernel: LiveKernel }): JSX.Element {
  const { id } = kernel.spec
  const { state } = kernel.status.value
  const asked = useSignal<Offer | undefined>(undefined)
  const isReadOnly = about.value?.readOnly !== false
  const run = ({ name, title }: Offer) => void attempt(`${title} ${id}`, () => ask(name, { kernel: id }))
  const question = asked.value
  return (
    <div class="commands">
      {offers.map((offer) => {
        const why = isReadOnly
          ? 'This dashboard is read only.'
          : isOffered(offer, state)
            ? undefined
            : `Has no meaning while it is in ${state}.`
        return (
          <button
            key={offer.name}
            type="button"
            class={offer.warning === undefined ? undefined : 'danger'}
            // Not `disabled`: what it does changes the state, and the keyboard would be nowhere then.
            aria-disabled={why !== undefined}
            title={why}
            onClick={() => {
              if (why !== undefined) return
              if (offer.warning === undefined) run(offer)
              else asked.value = offer
            }}
          >
            {offer.title}
          </button>
        )
      })}
      <span class="elsewhere">
        <a href={to('logs', id)}>Log</a>
        <a href={to('incidents', '', { kernel: id })}>Incidents</a>
        <a href={to('letters', '', { kernel: id })}>Dead letters</a>
      </span>
      {question?.warning !== undefined && (
        <Dialog
          title={`${question.title} ${id}?`}
          action={question.title}
          isDangerous
          onConfirm={() => run(question)}
          onClose={() => (asked.value = undefined)}
        >
          <p>{question.warning}</p>
        </Dialog>
      )}
    </div>
  )
}
