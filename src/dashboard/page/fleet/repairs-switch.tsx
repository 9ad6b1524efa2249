/** The one switch for all repairs of the runtime; whoever turns it says why, for those who find it turned. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { ask } from '../api.ts'
import { Dialog } from '../dialog.tsx'
import { attempt } from '../notice.tsx'
import { about } from '../store.ts'

export function RepairsSwitch(): JSX.Element | null {
  const isAsking = useSignal(false)
  const why = useSignal('')
  if (about.value === undefined) return null
  const { repairs, readOnly } = about.value
  const set = () => {
    const on = !repairs.on
    const reason = why.value.trim()
    void attempt(`Switch repairs ${on ? 'on' : 'off'}`, () => ask('repairs', { on, ...(reason && { why: reason }) }))
    why.value = ''
  }
  return (
    <span class="repairs-switch">
      <button
        type="button"
        role="switch"
        aria-checked={repairs.on}
        disabled={readOnly}
        onClick={() => (isAsking.value = true)}
      >
        Repairs are {repairs.on ? 'on' : 'off'}
      </button>
      {!repairs.on && repairs.why !== undefined && <span class="quiet">{repairs.why}</span>}
      {isAsking.value && (
        <Dialog
          title={repairs.on ? 'Switch all repairs off?' : 'Switch repairs on again?'}
          action={repairs.on ? 'Switch off' : 'Switch on'}
          isDangerous={repairs.on}
          onConfirm={set}
          onClose={() => (isAsking.value = false)}
        >
          <p>
            {repairs.on
              ? 'Nothing is proposed or applied any more, and what is under way is ended. Restarts and quarantine go on; kernels that need a repair wait.'
              : 'Kernels that waited because of the switch have their turn now.'}
          </p>
          <label>
            Why, for whoever looks at it later
            <input
              type="text"
              maxLength={200}
              required={repairs.on}
              value={why}
              onInput={(event) => (why.value = event.currentTarget.value)}
            />
          </label>
        </Dialog>
      )}
    </span>
  )
}
