/**
 * Which pieces of a change belong together: those that share a name which the change brought or took away, as a rename
 * and its uses do, and those that use what one of them declares. Taking back one of them and not the others leaves a name
 * that nobody knows, or a call of the wrong shape. It goes by the words of the text, so that it serves a file that does
 * not parse as well; what is made of it is tried out before it is believed. Pure.
 */

export interface Piece {
  readonly before: readonly string[]
  readonly now: readonly string[]
}

export interface Together<T> {
  readonly pieces: readonly T[]
  /** By which they belong together, in the order of their first occurrence. */
  readonly names: readonly string[]
}

const name = /[\p{ID_Start}$_][\p{ID_Continue}$]*/gu
const declared =
  /\b(?:function\s*\*?|const|let|var|class|interface|type|enum|def)\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)/gu

/** Words that any code has: that a change brought its first `for` says nothing. */
const words: ReadonlySet<string> = new Set(
  `abstract any as async await boolean break case catch class const continue declare default delete do else enum
   export extends false finally for from function get if implements import in instanceof interface is keyof let new null
   number object of override private protected public readonly return satisfies set static string super switch symbol
   this throw true try type typeof undefined unknown var void while with yield`.split(/\s+/),
)

/** A line without its comment: prose shares words with anything. */
function codeOf(line: string): string {
  return /^\s*(?:\/?\*|\/\/)/.test(line) ? '' : line.replace(/(^|\s)\/\/.*$/, '')
}

function namesIn(lines: readonly string[]): Set<string> {
  const found = lines.flatMap((line) => codeOf(line).match(name) ?? [])
  return new Set(found.filter((word) => !words.has(word)))
}

function declaredIn(lines: readonly string[]): string[] {
  return lines.flatMap((line) => [...codeOf(line).matchAll(declared)].flatMap(([, word]) => word ?? []))
}

export class SharedNames<T extends Piece> {
  readonly #pieces: readonly T[]
  /** Every name in a piece. */
  readonly #names: ReadonlyMap<T, ReadonlySet<string>>
  /** Names that the texts have only before the change, or only since. */
  readonly #changed: ReadonlySet<string>

  /** @param pieces the whole change, in the order of its texts. @param before, now the whole texts. */
  constructor(pieces: readonly T[], before: readonly string[], now: readonly string[]) {
    this.#pieces = pieces
    this.#names = new Map(pieces.map((piece) => [piece, namesIn(linesOf(piece))]))
    const linesOfAll = (texts: readonly string[]) => texts.flatMap((text) => text.split('\n'))
    this.#changed = namesIn(linesOfAll(before)).symmetricDifference(namesIn(linesOfAll(now)))
  }

  /** Whether some pieces belong together by what was brought or taken away, and others do not belong to them. */
  get hasTies(): boolean {
    const sizes = this.#pieces.map((piece) => this.byChange([piece]).pieces.length)
    return sizes.some((size) => size > 1 && size < this.#pieces.length)
  }

  /** These, and what shares a name with them that was brought or taken away, directly or by way of others. */
  byChange(part: readonly T[]): Together<T> {
    const tied = new Set(part)
    const known = new Set<string>()
    const take = (piece: T) => {
      tied.add(piece)
      for (const word of this.#namesOf(piece)) if (this.#changed.has(word)) known.add(word)
    }
    part.forEach(take)
    for (let size = -1; size !== tied.size; ) {
      size = tied.size
      for (const piece of this.#pieces) {
        if (!tied.has(piece) && !this.#namesOf(piece).isDisjointFrom(known)) take(piece)
      }
    }
    return this.#together(part, tied, known)
  }

  /** These, and what uses a name that one of them declares. */
  byDeclaration(part: readonly T[]): Together<T> {
    const known = new Set(part.flatMap((piece) => declaredIn(linesOf(piece))))
    const users = this.#pieces.filter((piece) => !this.#namesOf(piece).isDisjointFrom(known))
    return this.#together(part, new Set([...part, ...users]), known)
  }

  /** What is only new may stay: it is most often what the change was for, and nobody has asked for its end. */
  #together(part: readonly T[], tied: ReadonlySet<T>, known: ReadonlySet<string>): Together<T> {
    const pieces = this.#pieces.filter((piece) => part.includes(piece) || (tied.has(piece) && piece.before.length > 0))
    const isShared = (word: string) => pieces.filter((piece) => this.#namesOf(piece).has(word)).length > 1
    return { pieces, names: [...known].filter(isShared) }
  }

  #namesOf(piece: T): ReadonlySet<string> {
    return this.#names.get(piece) ?? new Set()
  }
}

function linesOf({ before, now }: Piece): string[] {
  return [...before, ...now]
}
