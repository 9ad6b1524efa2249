/** The last minutes of a kernel as large charts: cpu and event loop, memory, mailbox, messages a second. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { megabytes, percent, rateText } from './fleet/facts.ts'
import type { LiveKernel } from './store.ts'
import './parts.css'
import { TimeChart, type TimeChartProps } from './time-chart.tsx'

type Plan = Omit<TimeChartProps, 'samples' | 'spanMs'>

const plans: readonly Plan[] = [
  {
    title: 'Processor',
    format: percent,
    top: 0.05,
    lines: [
      { of: 'elu', name: 'event loop', colour: '--accent' },
      { of: 'cpu', name: 'cpu', colour: '--calm' },
    ],
  },
  {
    title: 'Memory',
    format: megabytes,
    top: 8,
    lines: [
      { of: 'heapMb', name: 'heap', colour: '--accent' },
      { of: 'externalMb', name: 'buffers', colour: '--calm' },
    ],
  },
  {
    title: 'Mailbox',
    format: (value) => String(Math.round(value)),
    top: 4,
    lines: [{ of: 'mailbox', name: 'messages waiting', colour: '--watch' }],
  },
  { title: 'Messages', format: rateText, top: 1, lines: [{ of: 'rate', name: 'handled', colour: '--accent' }] },
]

const spans = [2, 5, 10] as const

export function KernelCharts({ kernel }: { readonly kernel: LiveKernel }): JSX.Element {
  const minutes = useSignal<(typeof spans)[number]>(2)
  const samples = kernel.samples.value
  return (
    <div class="panel kernel-charts">
      <fieldset class="segments">
        <legend class="unseen">Minutes shown</legend>
        {spans.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={minutes.value === one}
            onClick={() => {
              minutes.value = one
            }}
          >
            {one} min
          </button>
        ))}
      </fieldset>
      <div class="charts">
        {plans.map((plan) => (
          <TimeChart key={plan.title} {...plan} samples={samples} spanMs={minutes.value * 60_000} />
        ))}
      </div>
    </div>
  )
}
