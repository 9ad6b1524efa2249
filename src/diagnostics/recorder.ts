/**
 * The flight recorder of one kernel: what it was given since its instance last booted, how it answered, and what it asked
 * others, so that a repair can be tried on the very messages that broke it. Ring buffers, bounded in entries and bytes. On
 * the message path it only keeps references and a rough size; values are serialised when evidence is asked for. A caller in
 * the host that changes a reply after it came changes the record too.
 *
 * A replay starts from the state of the boot. Where messages since then had to be dropped that state fits no more, and the
 * newest snapshot with what came after it takes its place.
 */
import { limits } from '../base/limits.ts'
import type { HoldOut, LoadedFile, RecordedMessage, RecordedReply } from '../base/remedy.ts'
import { BoundedRing, estimateBytes, type Slot } from './bounded-ring.ts'
import { type AskEntry, type AskOutcome, type MessageEntry, serializeAsks, serializeMessages } from './traffic.ts'
import { TrafficSample } from './traffic-sample.ts'

export type DeliveredMessage = Omit<MessageEntry, 'isFinished' | 'isSkipped' | 'reply' | 'sample'>
export type OutgoingAsk = Omit<AskEntry, 'nth' | 'outcome' | 'sample'>

export interface BootRecord {
  /** v8.serialize of the state it starts from. */
  readonly state?: Uint8Array
  readonly config: Record<string, unknown>
  readonly files: readonly LoadedFile[]
}

export interface FlightEvidence {
  /** What the messages are to be replayed on: the state of the boot, or of the newest snapshot. */
  readonly state?: Uint8Array
  readonly config: Record<string, unknown>
  readonly files: readonly LoadedFile[]
  /** Messages that were begun, oldest first. */
  readonly messages: readonly RecordedMessage[]
  /** Answered asks in the order of asking. */
  readonly replies: readonly RecordedReply[]
  /** Messages begun since that state that are not among `messages`: too many, too large, or not serialisable any more. */
  readonly leftOut: number
}

/** A moment between two messages whose state is known. */
interface Base {
  readonly state: Uint8Array | undefined
  /** Messages up to this number came before it. */
  readonly afterN: number
  /** Asks up to this one came before it. */
  readonly afterAsk: number
  /** Messages after it that had to be dropped. */
  dropped: number
}

const everything = { state: undefined, afterN: Number.NEGATIVE_INFINITY, afterAsk: 0, dropped: 0 }

export class FlightRecorder {
  readonly #messages = new BoundedRing<MessageEntry>((entry) => this.#forget(entry))
  /** Those whose reply is kept, and not by a sample: replies have bounds of their own, so that they displace no message. */
  readonly #replies = new BoundedRing<MessageEntry>((entry) => {
    entry.reply = undefined
  })
  readonly #asks = new BoundedRing<AskEntry>((entry) => this.#openAsks.delete(entry.id))
  /** By number: what the thread has and has not finished, also where the ring has dropped it. */
  readonly #open = new Map<number, MessageEntry>()
  readonly #openAsks = new Map<number, Slot<AskEntry>>()
  #config: Record<string, unknown> = {}
  #files: readonly LoadedFile[] = []
  #boot: Base = { ...everything }
  #snapshot: Base | undefined
  /** The one before the last, where that is not full yet, and the last. */
  #samples: TrafficSample[] = []
  #begunUpTo = Number.NEGATIVE_INFINITY
  #asked = 0

  /** A new instance starts: what its predecessor was given is forgotten. */
  boot({ state, config, files }: BootRecord): void {
    for (const each of [this.#messages, this.#replies, this.#asks, this.#open, this.#openAsks]) each.clear()
    this.#config = config
    this.#files = files
    this.#boot = { ...everything, state }
    this.#snapshot = undefined
    this.#samples = [new TrafficSample(state)]
    this.#begunUpTo = Number.NEGATIVE_INFINITY
    this.#asked = 0
  }

  /** The thread names its files when it is ready, and again when it has loaded more. */
  loaded(files: readonly LoadedFile[]): void {
    this.#files = files
  }

  /** A message was posted to the thread. */
  delivered({ n, kind, from, method, args, at }: DeliveredMessage): void {
    // One literal: this is on the path of every message, and copying from parts takes three times as long.
    // biome-ignore format: one line
    const entry: MessageEntry = { n, kind, from, method, args, at, isFinished: false, isSkipped: false, reply: undefined, sample: undefined }
    this.#open.set(n, entry)
    this.#messages.add(entry, estimateBytes(args))
    this.#samples.at(-1)?.delivered(entry)
  }

  #forget({ n }: MessageEntry): void {
    this.#boot.dropped += 1
    if (this.#snapshot !== undefined && n > this.#snapshot.afterN) this.#snapshot.dropped += 1
  }

  /** The thread began message `n`. Messages are begun in the order of their numbers, so earlier ones were begun too. */
  began(n: number): void {
    if (n > this.#begunUpTo) this.#begunUpTo = n
  }

  /** The thread finished message `n`. @param reply what it answered, where it was asked. */
  finished(n: number, reply?: AskOutcome): void {
    this.began(n)
    const entry = this.#open.get(n)
    this.#open.delete(n)
    if (entry === undefined) return
    entry.isFinished = true
    if (reply === undefined || entry.kind === 'tell') return
    const bytes = bytesOf(reply)
    if (bytes > limits.recorderReplyBytes) return
    entry.reply = reply
    if (entry.sample?.takes(bytes) !== true) this.#replies.add(entry, bytes)
  }

  /** The thread gave message `n` back without having begun it: its deadline had passed. */
  skipped(n: number): void {
    const entry = this.#open.get(n)
    if (entry !== undefined) entry.isSkipped = true
    this.finished(n)
  }

  asked({ id, to, method, args }: OutgoingAsk): void {
    this.#asked += 1
    const entry: AskEntry = { id, nth: this.#asked, to, method, args, outcome: undefined, sample: undefined }
    this.#openAsks.set(id, this.#asks.add(entry, estimateBytes(args)))
    this.#samples.at(-1)?.asked(entry)
  }

  /** An ask of this kernel was answered; one that the ring has dropped is ignored. */
  answered(id: number, outcome: AskOutcome): void {
    const slot = this.#openAsks.get(id)
    if (slot === undefined) return
    this.#openAsks.delete(id)
    const bytes = bytesOf(outcome)
    slot.value.outcome = outcome
    // Without this answer the rest of the sample cannot be replayed.
    if (slot.value.sample?.takes(bytes) === false) slot.value.sample.cut()
    this.#asks.grow(slot, bytes)
  }

  /**
   * The thread's state as it is after everything that it has finished. One that comes while a message is in hand shows no
   * moment between messages, and is of no use here.
   * @param state v8.serialize of it.
   */
  snapshotTaken(state: Uint8Array): void {
    for (const n of this.#open.keys()) if (n <= this.#begunUpTo) return
    if (state.byteLength <= limits.recorderStateBytes) {
      this.#snapshot = { state, afterN: this.#begunUpTo, afterAsk: this.#asked, dropped: 0 }
    }
    this.#sampleFrom(state)
  }

  /** A sample that still fills goes on; one without messages may as well start here. */
  #sampleFrom(state: Uint8Array): void {
    const last = this.#samples.at(-1)
    if (last?.isEmpty) this.#samples.pop()
    else if (last?.isFull !== true) return
    const sample = new TrafficSample(state)
    this.#samples = [...this.#samples.slice(-1), sample]
    // What waits in the thread already comes first.
    for (const entry of this.#open.values()) sample.delivered(entry)
  }

  /** Recent traffic with its replies, from a known state on; undefined where there is none to compare with. */
  holdOut(): HoldOut | undefined {
    const fullest = this.#samples.toReversed().toSorted((a, b) => b.finished.length - a.finished.length)
    for (const sample of fullest) {
      const holdOut = sample.holdOut(this.#config)
      if (holdOut !== undefined) return holdOut
    }
    return undefined
  }

  /** Serialises what is kept: newest first until limits.recorderBytes is reached, the newest message always. */
  evidence(): FlightEvidence {
    const sinceBoot = this.#evidenceFrom(this.#boot)
    if (sinceBoot.leftOut === 0 || this.#snapshot === undefined) return sinceBoot
    return this.#evidenceFrom(this.#snapshot)
  }

  #evidenceFrom({ state, afterN, afterAsk, dropped }: Base): FlightEvidence {
    const begun = this.#messages.list().filter(({ n, isSkipped }) => n > afterN && n <= this.#begunUpTo && !isSkipped)
    const messages = serializeMessages(begun)
    const asks = this.#asks.list().filter(({ nth }) => nth > afterAsk)
    return {
      ...(state === undefined ? {} : { state }),
      ...{ config: this.#config, files: this.#files, messages },
      replies: serializeAsks(asks, limits.recorderBytes),
      leftOut: dropped + begun.length - messages.length,
    }
  }
}

function bytesOf(outcome: AskOutcome): number {
  return estimateBytes(['value' in outcome ? outcome.value : outcome.error])
}
