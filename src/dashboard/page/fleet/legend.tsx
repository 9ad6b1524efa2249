/** What the lines and colours of the picture mean. */
import type { JSX } from 'preact'

/** @param isTiles there are no lines but those of the kernel that is pointed at. */
export function Legend({ isTiles }: { readonly isTiles: boolean }): JSX.Element {
  const line = (name: string, text: string) => (
    <li>
      <svg width="34" height="10" aria-hidden="true">
        <path class={name} d="M1 5H33" />
      </svg>
      {text}
    </li>
  )
  const state = (tone: string, text: string) => (
    <li>
      <i class={`swatch ${tone}`} /> {text}
    </li>
  )
  return (
    <ul class="legend" aria-label="Legend">
      {state('good', 'in service')}
      {state('watch', 'on its way')}
      {state('bad', 'out of service')}
      {state('calm', 'in repair, on probation')}
      {isTiles ? (
        <li>
          <i class="swatch wrong" /> incident open
        </li>
      ) : (
        <>
          {line('dependency', 'depends on')}
          {line('flow-sample', 'talks to, wider where busier')}
          <li>
            <svg width="10" height="14" aria-hidden="true">
              <path class="from-host" d="M5 0V13" marker-end="url(#fleet-talks)" />
            </svg>
            the host program talks to it
          </li>
        </>
      )}
      {line('reroute', 'its work goes there')}
      <li>larger: busier</li>
    </ul>
  )
}
