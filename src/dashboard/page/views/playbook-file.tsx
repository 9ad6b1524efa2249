/** The file of a kernel's playbooks as it is and as it was, with its comments, and what changed from one to another. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import type { PlaybookVersionRow } from '../../../journal/rows.ts'
import { useAsked } from '../asked.ts'
import { TextDiff } from '../text-diff-view.tsx'

type Version = Omit<PlaybookVersionRow, 'text'>

export function PlaybookFile({ kernel }: { readonly kernel: string }): JSX.Element {
  const { value: versions, problem } = useAsked<Version[]>('playbookVersions', { kernel })
  /** 0: the newest. */
  const chosen = useSignal(0)
  const against = useSignal(0)
  if (versions === undefined) return <p class="quiet">{problem ?? 'Its versions are asked for.'}</p>
  const [newest] = versions
  if (newest === undefined) return <p class="quiet">No version of its file has been written down yet.</p>
  const version = versions.find((one) => one.version === chosen.value) ?? newest
  const other = versions.find((one) => one.version === against.value)
  return (
    <section class="panel playbook-file">
      <h2>The file</h2>
      <div class="versions">
        <label>
          Version{' '}
          <select value={version.version} onChange={(event) => (chosen.value = Number(event.currentTarget.value))}>
            {versions.map((one) => (
              <option key={one.version} value={one.version}>
                {versionText(one)}
              </option>
            ))}
          </select>
        </label>
        <label>
          Compared with{' '}
          <select value={other?.version ?? 0} onChange={(event) => (against.value = Number(event.currentTarget.value))}>
            <option value={0}>nothing: the whole text</option>
            {versions.map((one) => (
              <option key={one.version} value={one.version}>
                {versionText(one)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p class="quiet">
        {new Date(version.at).toLocaleString()}: {version.change}
      </p>
      <Text kernel={kernel} version={version} other={other} />
    </section>
  )
}

function versionText({ version, at }: Version): string {
  return `${version}, of ${new Date(at).toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'short' })}`
}

function Text({
  kernel,
  version,
  other,
}: {
  kernel: string
  version: Version
  other: Version | undefined
}): JSX.Element {
  const shown = useAsked<PlaybookVersionRow>('playbookVersions', { kernel, version: version.version })
  const compared = useAsked<PlaybookVersionRow>('playbookVersions', other && { kernel, version: other.version })
  const text = shown.value?.text
  if (text === undefined) return <p class="quiet">{shown.problem ?? 'The text is asked for.'}</p>
  if (other !== undefined && compared.value !== undefined) {
    // From the older to the newer, whichever was chosen first.
    const isNewer = version.version >= other.version
    return isNewer ? (
      <TextDiff before={compared.value.text} after={text} />
    ) : (
      <TextDiff before={text} after={compared.value.text} />
    )
  }
  if (text === '') return <p class="quiet">The file was gone then.</p>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard.
    <pre class="yaml" tabIndex={0}>
      {text.split('\n').map((line, index) => (
        <span key={index} class={/^\s*#/.test(line) ? 'comment' : undefined}>
          {`${line}\n`}
        </span>
      ))}
    </pre>
  )
}
