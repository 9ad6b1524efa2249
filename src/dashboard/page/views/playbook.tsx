/**
 * One playbook: what it is for, what each of its steps does and would do now, the file as it is written, and what has
 * changed in it. It is run on a kernel that is out of service, after a question.
 */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import type { DryStep } from '../../../repair/dry-run.ts'
import type { PlaybookInWords } from '../../../supervisor/playbooks-in-words.ts'
import type { KernelStatus } from '../../../supervisor/status.ts'
import { ask } from '../api.ts'
import { Dialog } from '../dialog.tsx'
import { attempt, say } from '../notice.tsx'
import { to } from '../route.ts'
import { about, kernels } from '../store.ts'
import { PlaybookFile } from './playbook-file.tsx'
import { LastUse, trustTones } from './playbooks.tsx'

interface Props {
  readonly kernel: string
  readonly name: string
  readonly playbooks: readonly PlaybookInWords[]
  readonly onChange: () => void
}

export function OnePlaybook({ kernel, name, playbooks, onChange }: Props): JSX.Element {
  const ofKernel = playbooks.filter((one) => one.kernel === kernel)
  const playbook = ofKernel.find((one) => one.name === name) ?? ofKernel[0]
  return (
    <>
      <p class="crumbs">
        <a href={to('playbooks')}>Playbooks</a> / <a href={to('kernel', kernel)}>{kernel}</a>
      </p>
      {playbook === undefined ? (
        <p>{kernel} has no playbook now. What its file said before stands below.</p>
      ) : (
        <Facts key={playbook.name} playbook={playbook} onChange={onChange} />
      )}
      {ofKernel.length > 1 && (
        <p>
          Others of {kernel}:{' '}
          {ofKernel
            .filter((one) => one !== playbook)
            .map((one, index) => (
              <span key={one.name}>
                {index > 0 && ', '}
                <a href={to('playbooks', kernel, { name: one.name })}>{one.name}</a>
              </span>
            ))}
        </p>
      )}
      <PlaybookFile kernel={kernel} />
    </>
  )
}

function Facts({ playbook, onChange }: { playbook: PlaybookInWords; onChange: () => void }): JSX.Element {
  const { kernel, name, trust, successes, failures, matches, why, learnt, steps } = playbook
  const dry = useSignal<readonly DryStep[] | undefined>(undefined)
  const status = kernels.value.get(kernel)?.status.value
  const tryOnPaper = async () => {
    const found = await attempt(`Dry run of ${name}`, () => ask<DryStep[]>('dryRunPlaybook', { kernel, name }))
    if (found !== undefined) dry.value = found
  }
  return (
    <>
      <h1>
        {name} <span class={`chip ${trustTones[trust]}`}>{trust}</span>
      </h1>
      <section class="panel">
        <dl class="playbook-facts">
          <dt>For the failure</dt>
          <dd>{matches}</dd>
          <dt>Why it heals it</dt>
          <dd>{why}</dd>
          <dt>So far</dt>
          <dd>
            {successes} healed, {failures} failed
          </dd>
          <dt>Last used</dt>
          <dd>
            <LastUse {...playbook} />
          </dd>
          {learnt !== undefined && (
            <>
              <dt>Learnt</dt>
              <dd>
                {new Date(learnt.at).toLocaleString()}, from{' '}
                <a href={to('incident', learnt.incident)}>{learnt.incident}</a>, by {learnt.agent}
              </dd>
            </>
          )}
        </dl>
        <h2>Steps</h2>
        <ol class="steps">
          {steps.map((step, index) => (
            <Step key={index} step={step} found={dry.value?.find(({ n }) => n === index + 1)} />
          ))}
        </ol>
        {dry.value !== undefined && (
          <p class="quiet">That is what each step would do now. Nothing was changed, and nothing is proved by it.</p>
        )}
        <p class="actions">
          <button type="button" onClick={() => void tryOnPaper()}>
            Dry run
          </button>
          <Run {...{ playbook, status, onChange }} />
        </p>
      </section>
    </>
  )
}

const outcomeTones = { 'would be done': 'good', 'left out': 'plain', refused: 'bad', 'not known': 'watch' } as const

function Step({ step, found }: { step: PlaybookInWords['steps'][number]; found: DryStep | undefined }): JSX.Element {
  return (
    <li>
      <code>{step.do}</code> {step.text}
      {step.onlyIf !== undefined && <div class="quiet">Only if {step.onlyIf}.</div>}
      {found !== undefined && (
        <div class="dry">
          <span class={`chip ${outcomeTones[found.outcome]}`}>{found.outcome}</span> {found.detail}
        </div>
      )}
    </li>
  )
}

interface RunProps {
  readonly playbook: PlaybookInWords
  readonly status: KernelStatus | undefined
  readonly onChange: () => void
}

function Run({ playbook: { kernel, name, trust }, status, onChange }: RunProps): JSX.Element {
  const isAsking = useSignal(false)
  const why = whyNot(trust, status)
  const run = async () => {
    const after = await attempt(`Run ${name} on ${kernel}`, () => ask<KernelStatus>('runPlaybook', { kernel, name }))
    if (after !== undefined) say(`${kernel} is ${after.state} now, served by ${after.servedBy}.`)
    onChange()
  }
  return (
    <>
      <button type="button" class="primary" disabled={why !== undefined} onClick={() => (isAsking.value = true)}>
        Run
      </button>
      {why !== undefined && <span class="quiet">{why}</span>}
      {isAsking.value && (
        <Dialog
          title={`Run ${name} on ${kernel}?`}
          action="Run it"
          onConfirm={() => void run()}
          onClose={() => (isAsking.value = false)}
        >
          <p>
            It is proved in the sandbox first, on the evidence of the open incident. Where it holds it is applied, and{' '}
            {kernel} comes back on probation; no other repair is tried.
          </p>
          <p class="quiet">
            {kernel} is {status?.state} now.
          </p>
        </Dialog>
      )}
    </>
  )
}

function whyNot(trust: PlaybookInWords['trust'], status: KernelStatus | undefined): string | undefined {
  if (about.value?.readOnly === true) return 'This dashboard only shows.'
  if (trust === 'suspended') return 'It is suspended because it failed; set its trust to trial in its file.'
  if (status === undefined) return 'The fleet has no such kernel.'
  if (!status.state.startsWith('quarantined'))
    return `It is run on a kernel that is out of service; this one is ${status.state}.`
  return undefined
}
