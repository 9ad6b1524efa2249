/** The way back: a slider over the moves that are known, steps, playing at speeds, and live again. */
import type { ComponentChildren, JSX } from 'preact'
import type { Move } from './moves.ts'
import { type Player, speeds } from './player.ts'

const onKeys = new Set(['ArrowRight', 'ArrowUp', 'PageUp'])

export function Timeline<M extends Move>({
  player,
  textOf,
  children,
}: {
  readonly player: Player<M>
  /** What a move is, for whoever listens to the slider. */
  readonly textOf: (move: M) => string
  /** Above the slider. */
  readonly children?: ComponentChildren
}): JSX.Element {
  const { length } = player.moves.value
  const index = player.index.value
  const shown = player.shown.value
  const isLive = player.isLive.value
  const isPlaying = player.isPlaying.value
  return (
    <div class="chart-timeline">
      {children}
      <input
        type="range"
        class="scrub"
        aria-label="Step of the history"
        min={0}
        max={Math.max(0, length - 1)}
        value={Math.max(0, index)}
        disabled={length < 2}
        aria-valuetext={shown === undefined ? 'nothing yet' : `${index + 1} of ${length}: ${textOf(shown)}`}
        onInput={({ currentTarget }) => player.goTo(Number(currentTarget.value))}
        onKeyDown={(event) => {
          // Beyond the last step is the present, as with the button.
          if (event.key !== 'End' && !(onKeys.has(event.key) && index >= length - 1)) return
          event.preventDefault()
          player.live()
        }}
      />
      <div class="timeline-buttons">
        <button type="button" aria-label="One step back" disabled={index <= 0} onClick={() => player.back()}>
          ◀
        </button>
        <button
          type="button"
          class="play"
          disabled={length < 2}
          onClick={() => (isPlaying ? player.pause() : player.play())}
        >
          {isPlaying ? 'pause' : 'play'}
        </button>
        <button type="button" aria-label="One step forward" disabled={isLive} onClick={() => player.forward()}>
          ▶
        </button>
        <label class="speed">
          <span class="unseen">Speed</span>
          <select
            value={String(player.speed.value)}
            onChange={({ currentTarget }) => (player.speed.value = Number(currentTarget.value))}
          >
            {speeds.map((speed) => (
              <option key={speed} value={String(speed)}>
                {speed}×
              </option>
            ))}
          </select>
        </label>
        <span class="quiet place">{length === 0 ? 'no steps yet' : `step ${index + 1} of ${length}`}</span>
        <button type="button" class={`live ${isLive ? 'on' : ''}`} aria-pressed={isLive} onClick={() => player.live()}>
          live
        </button>
      </div>
    </div>
  )
}
