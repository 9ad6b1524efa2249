/**
 * What the chart shows at the moment: live, a move behind the machine at most, or a place in the past that the user has
 * gone to, or the past as it plays. One row of moves; a cursor in it. It draws nothing and asks nobody.
 */
import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { calmMs, type Move, MoveQueue } from './moves.ts'

/** Milliseconds on any clock that does not go back, and something that calls later. */
export interface PlayerClock {
  now(): number
  /** Returns what calls it off. */
  after(ms: number, run: () => void): () => void
}

export interface Transit<M extends Move> {
  readonly move: M
  readonly durationMs: number
}

export const speeds = [0.5, 1, 2, 4, 8] as const
/** Nobody watches a night without a crash: a longer pause in the past is played as this long. Milliseconds. */
const pauseMaxMs = 2000
export class Player<M extends Move = Move> {
  /** Oldest first. */
  readonly moves: Signal<readonly M[]> = signal([])
  /** Key of the move that the user looks at; undefined: live. */
  readonly cursor: Signal<number | undefined> = signal(undefined)
  readonly isPlaying: Signal<boolean> = signal(false)
  readonly speed: Signal<number> = signal(1)
  /** What is on its way right now. */
  readonly transit: Signal<Transit<M> | undefined> = signal(undefined)
  /** Key of the last move whose target is lit, while live. */
  readonly #arrived: Signal<number | undefined> = signal(undefined)
  readonly #queue = new MoveQueue<M>()
  readonly #clock: PlayerClock
  #calledOff: () => void = () => undefined

  /** Index of the move whose target is lit; -1: none, or before the first that is known. */
  readonly index: ReadonlySignal<number> = computed(() => this.#indexOf(this.cursor.value ?? this.#arrived.value))
  readonly shown: ReadonlySignal<M | undefined> = computed(() => this.moves.value[this.index.value])
  readonly isLive: ReadonlySignal<boolean> = computed(() => this.cursor.value === undefined)

  constructor(clock: PlayerClock) {
    this.#clock = clock
  }

  /** Everything that is known now, without showing how it came about: the beginning, older moves, or after a gap. */
  load(moves: readonly M[]): void {
    batch(() => {
      this.moves.value = moves
      if (this.isLive.value) this.#jump()
      else if (this.cursor.value !== undefined && !moves.some(({ key }) => key === this.cursor.value)) this.live()
    })
  }

  /** What has just happened. `moves` is the whole row with it. */
  add(moves: readonly M[], happened: readonly M[]): void {
    batch(() => {
      this.moves.value = moves
      if (!this.isLive.value) return
      for (const move of happened) this.#queue.push(move, this.#clock.now())
      if (this.transit.value === undefined) this.#next()
    })
  }

  live(): void {
    batch(() => {
      this.isPlaying.value = false
      this.cursor.value = undefined
      this.#jump()
    })
  }

  /** Goes to a move of the past, or of the present as something that stays there. */
  goTo(index: number): void {
    const { value: moves } = this.moves
    const move = moves[Math.min(moves.length - 1, Math.max(0, index))]
    if (move === undefined) return
    batch(() => {
      this.#stop()
      this.isPlaying.value = false
      this.cursor.value = move.key
    })
  }

  back(): void {
    this.goTo(this.index.value - 1)
  }

  /** One step on, shown as a move. */
  forward(): void {
    if (this.isLive.value) return
    batch(() => {
      this.isPlaying.value = false
      this.#stepOn(calmMs)
    })
  }

  play(): void {
    const { length } = this.moves.value
    if (length === 0) return
    batch(() => {
      // From the end there is nothing to play: from the beginning then.
      if (this.isLive.value || this.index.value >= length - 1) this.goTo(0)
      this.isPlaying.value = true
      this.#stepOn(calmMs / this.speed.value)
    })
  }

  pause(): void {
    batch(() => {
      this.isPlaying.value = false
      this.#stop()
    })
  }

  /** Calls off whatever was to come; the player can go on afterwards. */
  close(): void {
    this.#stop()
    this.isPlaying.value = false
  }

  #indexOf(key: number | undefined): number {
    if (key === undefined) return -1
    const { value: moves } = this.moves
    // Nearly always the last.
    for (let index = moves.length - 1; index >= 0; index -= 1) {
      const one = moves[index]
      if (one !== undefined && one.key <= key) return index
    }
    return -1
  }

  #jump(): void {
    this.#stop()
    this.#arrived.value = this.moves.value.at(-1)?.key
  }

  #stop(): void {
    this.#calledOff()
    this.#queue.clear()
    this.transit.value = undefined
  }

  #next(): void {
    const due = this.#queue.take(this.#clock.now())
    if (due === undefined) {
      this.transit.value = undefined
      return
    }
    const skipped = due.skipped.at(-1)
    if (skipped !== undefined) this.#arrived.value = skipped.key
    this.#travel(due.move, due.durationMs, () => {
      this.#arrived.value = due.move.key
      this.#next()
    })
  }

  #travel(move: M, durationMs: number, arrived: () => void): void {
    this.#calledOff()
    this.transit.value = { move, durationMs }
    this.#calledOff = this.#clock.after(durationMs, () => batch(arrived))
  }

  #stepOn(durationMs: number): void {
    const from = this.index.value
    const next = this.moves.value[from + 1]
    if (next === undefined) {
      this.live()
      return
    }
    this.#travel(next, durationMs, () => {
      this.cursor.value = next.key
      this.transit.value = undefined
      if (this.isPlaying.value) this.#waitForNext(from + 1)
    })
  }

  #waitForNext(index: number): void {
    const { value: moves } = this.moves
    const [here, next] = [moves[index], moves[index + 1]]
    if (here === undefined || next === undefined) {
      this.live()
      return
    }
    const speed = this.speed.value
    const gapMs = Math.min(pauseMaxMs, Math.max(0, next.at - here.at - calmMs)) / speed
    this.#calledOff = this.#clock.after(gapMs, () => this.#stepOn(Math.max(120, calmMs / speed)))
  }
}
