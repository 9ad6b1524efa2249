/** What a person may do about an incident now: a word on a proved repair, or a command to its kernel; each asked once more. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import type { ApplyTo } from '../../../base/remedy.ts'
import type { Story } from '../../story-shape.ts'
import { ask } from '../api.ts'
import { Dialog } from '../dialog.tsx'
import { attempt } from '../notice.tsx'
import { to } from '../route.ts'
import { about, kernels } from '../store.ts'

type Question = 'approve' | 'reject' | 'rejoin' | 'park'

/** Which commands have a meaning where the kernel is. */
function commandsIn(story: Story): ReadonlySet<Question | 'repair'> {
  const { incident, task, kernel } = story
  if (incident.status !== 'open' || kernel === undefined) return new Set()
  if (task?.waits === true) return new Set(['approve', 'reject'])
  if (kernel.state === 'quarantined.parked') return new Set(['repair', 'rejoin'])
  return new Set(/^(?:failed|repairing|quarantined)/.test(kernel.state) ? ['park'] : [])
}

export function IncidentButtons({ story }: { story: Story }): JSX.Element {
  const { incident, kernel } = story
  const asked = useSignal<Question | undefined>(undefined)
  const commands = commandsIn(story)
  // Read-only, or told by a journal whose runtime is gone.
  const disabled = about.value?.readOnly === true || kernel?.live !== true
  const button = (name: Question, text: string, look = '') =>
    commands.has(name) && (
      <button type="button" class={look} disabled={disabled} onClick={() => (asked.value = name)}>
        {text}
      </button>
    )
  return (
    <div class="story-buttons">
      {button('approve', 'Approve the repair', 'primary')}
      {button('reject', 'Reject it')}
      {commands.has('repair') && (
        <button type="button" disabled={disabled} onClick={() => void command('repair', incident.kernel)}>
          Try a repair
        </button>
      )}
      {button('rejoin', 'It is mended: rejoin')}
      {button('park', 'Park', 'danger')}
      {kernels.value.has(incident.kernel) && <a href={to('logs', incident.kernel)}>Its log</a>}
      <a href={`api/incidents/${encodeURIComponent(incident.id)}.html`} download={`${incident.id}.html`}>
        As a file
      </a>
      {/* What is no command any more is no question either. */}
      {asked.value !== undefined && commands.has(asked.value) && (
        <Asked {...{ story, question: asked.value, onClose: () => (asked.value = undefined) }} />
      )}
    </div>
  )
}

function command(op: 'repair' | 'rejoin' | 'park', kernel: string): Promise<unknown> {
  return attempt(`${op} ${kernel}`, () => ask(op, { kernel }))
}

interface AskedProps {
  readonly story: Story
  readonly question: Question
  readonly onClose: () => void
}

function Asked({ story, question, onClose }: AskedProps): JSX.Element {
  const { kernel } = story.incident
  const task = story.task?.id
  switch (question) {
    case 'approve':
      return <Approval {...{ kernel, task, onClose }} />
    case 'reject': {
      const reject = () => void attempt('Reject the repair', () => ask('reject', { task }))
      return (
        <Dialog {...{ title: 'Reject the repair?', action: 'Reject', isDangerous: true, onClose, onConfirm: reject }}>
          <p>It is not proposed again, and {kernel} stays out of service until somebody mends it.</p>
        </Dialog>
      )
    }
    case 'rejoin': {
      const rejoin = () => void command('rejoin', kernel)
      return (
        <Dialog {...{ title: `Let ${kernel} rejoin?`, action: 'Rejoin', onClose, onConfirm: rejoin }}>
          <p>
            It is started with its files and its configuration as they are now, on probation: a crash takes it out
            again.
          </p>
        </Dialog>
      )
    }
    case 'park': {
      const park = () => void command('park', kernel)
      return (
        <Dialog {...{ title: `Park ${kernel}?`, action: 'Park', isDangerous: true, onClose, onConfirm: park }}>
          <p>Whatever repairs it now ends; it waits for a person.</p>
        </Dialog>
      )
    }
  }
}

interface ApprovalProps {
  readonly kernel: string
  readonly task: string | undefined
  readonly onClose: () => void
}

function Approval({ kernel, task, onClose }: ApprovalProps): JSX.Element {
  const apply = useSignal<ApplyTo>('hotfix')
  const approve = () =>
    void attempt(`Approve the repair of ${kernel}`, () => ask('approve', { task, apply: apply.value }))
  return (
    <Dialog {...{ title: `Approve the repair of ${kernel}?`, action: 'Approve', onClose, onConfirm: approve }}>
      <p>It is proved once more, applied, and the kernel comes back on probation.</p>
      <label>
        When it has held, keep it{' '}
        <select value={apply.value} onChange={(event) => (apply.value = event.currentTarget.value as ApplyTo)}>
          <option value="hotfix">as a hotfix; your files stay as they are</option>
          <option value="source">in the source files as well</option>
        </select>
      </label>
    </Dialog>
  )
}
