/**
 * Reads a YAML file that somebody else wrote, and remembers where everything stood. YAML is large and its parsers have
 * been attacked for years, so this takes a small part of it: one document, plain data, no aliases, no tags, bounded
 * size, depth and number of keys. What the data means is for the caller to check; `error` makes the error to throw.
 */
import { resolve } from 'node:path'
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import type { ErrorCode, LazaretError } from './errors.ts'
import {
  clipShown,
  type InputProblem,
  InputRefusal,
  type InputSource,
  inputError,
  type KeyPath,
  type Position,
  showValue,
} from './input-problem.ts'
import { limits } from './limits.ts'
import { readText } from './text-file.ts'

export interface YamlFileOptions {
  /** Code of the errors that are thrown. */
  readonly code: ErrorCode
  /** Default: limits.yamlBytes. */
  readonly maxBytes?: number
  /** Default: limits.yamlKeys. */
  readonly maxKeys?: number
}

export interface YamlFile {
  /** Absolute path. */
  readonly file: string
  /** As it was read. */
  readonly text: string
  /** Plain data: text, finite numbers, booleans, null, arrays and objects without a `__proto__` key. */
  readonly value: unknown
  /** Of the key or list item that the path leads to, or of the nearest one above it that exists. */
  positionOf(path: KeyPath): Position
  /** The error to throw about what the file says. */
  error(first: InputProblem, rest?: readonly InputProblem[]): LazaretError
}

/**
 * @param path relative to the working directory, or absolute.
 * @throws LazaretError of `options.code`: the file is missing, unreadable, too large, not UTF-8, not YAML, or uses a
 * part of YAML that is not accepted.
 */
export function readYamlFile(path: string, options: YamlFileOptions): YamlFile {
  const file = resolve(path)
  const source: InputSource = { name: path === '' ? '(an empty path)' : path, file }
  try {
    const text = readText(path, options.maxBytes ?? limits.yamlBytes)
    return parse(text, { ...source, file }, options)
  } catch (thrown) {
    if (thrown instanceof InputRefusal) throw inputError(options.code, source, thrown.problem)
    throw thrown
  }
}

function parse(text: string, source: InputSource & { file: string }, options: YamlFileOptions): YamlFile {
  const lines = new LineCounter()
  // uniqueKeys is off because the library's way is quadratic: 20,000 keys take 8 s. PlainReader looks for doubles.
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    stringKeys: true,
    prettyErrors: false,
  })
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.min(offset, text.length))
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const broken = document.errors[0]
  if (broken !== undefined) throw brokenYaml(text, broken, at(broken.pos[0]))
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    throw new InputRefusal({
      path: [],
      accepted: 'YAML with something in it',
      got: text.trim() === '' ? 'an empty file' : 'nothing but comments or null',
      advice: 'Fill it in.',
      position: { line: 1, column: 1 },
    })
  }
  const value = new PlainReader(at, options.maxKeys ?? limits.yamlKeys).read(document.contents, [], 1)
  const positionOf = (path: KeyPath) => at(offsetOf(document, path))
  return {
    file: source.file,
    text,
    value,
    positionOf,
    error: (first, rest) => inputError(options.code, { ...source, positionOf }, first, rest),
  }
}

function brokenYaml(text: string, broken: { code: string; message: string }, position: Position): InputRefusal {
  const line = text.split(/\r\n|\n|\r/)[position.line - 1]?.trim() ?? ''
  const got = line === '' ? 'the end of the text' : showValue(line)
  const said = clipShown(broken.message, 160)
  if (broken.code === 'MULTIPLE_DOCS') {
    return new InputRefusal({
      path: [],
      accepted: 'one YAML document',
      got: 'a second one',
      advice: 'Put it into a file of its own.',
      position,
    })
  }
  if (broken.code === 'RESOURCE_EXHAUSTION') return tooDeep([], position)
  const accepted = 'valid YAML 1.2'
  return new InputRefusal({
    path: [],
    accepted,
    rule: `must be ${accepted}, and the parser says "${said}"`,
    got,
    advice: 'Correct that line or the one before it; most often it is the indentation, a missing quote or a tab.',
    position,
  })
}

function tooDeep(path: KeyPath, position: Position): InputRefusal {
  const accepted = `at most ${limits.yamlDepth} levels deep`
  return new InputRefusal({ path, accepted, got: 'more levels', advice: 'Make it flatter.', position })
}

const plainTags: ReadonlySet<string> = new Set(
  ['map', 'seq', 'str', 'int', 'float', 'bool', 'null'].map((name) => `tag:yaml.org,2002:${name}`),
)

/** Turns the parser's tree into plain data in one linear walk, refusing what this project does not take. */
class PlainReader {
  readonly #at: (offset: number) => Position
  readonly #maxKeys: number
  #keys = 0

  constructor(at: (offset: number) => Position, maxKeys: number) {
    this.#at = at
    this.#maxKeys = maxKeys
  }

  read(node: unknown, path: KeyPath, depth: number): unknown {
    if (node === null || node === undefined) return null
    const position = this.#at(startOf(node))
    if (depth > limits.yamlDepth) throw tooDeep([], position)
    if (isAlias(node)) {
      const got = showValue(`*${node.source}`)
      const advice = 'Write the value out in full.'
      throw new InputRefusal({ path, accepted: 'a value, not an alias', got, advice, position })
    }
    const tag = (node as Node & { tag?: string }).tag
    if (tag !== undefined && !plainTags.has(tag)) {
      const advice = 'Take the tag away.'
      throw new InputRefusal({ path, accepted: 'a value without a tag', got: showValue(tag), advice, position })
    }
    if (isMap(node)) return this.#readMap(node.items, path, depth)
    if (isSeq(node)) return node.items.map((item, index) => this.read(item, [...path, index], depth + 1))
    if (isScalar(node)) return readScalar(node.value, node.source, path, position)
    throw new InputRefusal({
      path,
      accepted: 'plain data',
      got: showValue(String(node)),
      advice: 'Write it plainly.',
      position,
    })
  }

  #readMap(items: readonly { key: unknown; value: unknown }[], path: KeyPath, depth: number): Record<string, unknown> {
    const value: Record<string, unknown> = {}
    for (const pair of items) {
      const position = this.#at(startOf(pair.key))
      const key = isScalar(pair.key) ? pair.key.value : undefined
      this.#keys += 1
      if (this.#keys > this.#maxKeys) {
        const accepted = `of ${this.#maxKeys} keys or fewer`
        const got = `more than ${this.#maxKeys}`
        throw new InputRefusal({
          path: [],
          accepted,
          got,
          advice: 'Take out what is not needed, or split it.',
          position,
        })
      }
      if (typeof key !== 'string' || key === '__proto__') {
        const accepted = 'a section whose keys are plain words, __proto__ not among them'
        const got = typeof key === 'string' ? showValue(key) : 'something else'
        throw new InputRefusal({ path, accepted, got, advice: 'Remove it.', position })
      }
      const here = [...path, key]
      if (Object.hasOwn(value, key)) {
        const accepted = 'a key that stands once'
        const got = `${showValue(key)} a second time`
        throw new InputRefusal({
          path: here,
          accepted,
          rule: 'must stand once',
          got,
          advice: 'Remove one of them.',
          position,
        })
      }
      value[key] = this.read(pair.value, here, depth + 1)
    }
    return value
  }
}

function readScalar(value: unknown, source: string | undefined, path: KeyPath, position: Position): unknown {
  if (typeof value !== 'number') return value
  const rounded = Number.isInteger(value) && !Number.isSafeInteger(value) && /^[-+]?\w+$/.test(source ?? '')
  if (Number.isFinite(value) && !rounded) return value
  const accepted = 'a number that JavaScript can hold exactly, or text in quotes'
  const advice = 'Put it in quotes where it is an identifier.'
  throw new InputRefusal({ path, accepted, got: showValue(source ?? String(value)), advice, position })
}

function startOf(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0
}

/** Of the key, since that is where a person looks. */
function offsetOf(document: Document, path: KeyPath): number {
  let node: unknown = document.contents
  let offset = startOf(node)
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step)
      if (pair === undefined) return offset
      offset = startOf(pair.key)
      node = pair.value
    } else if (isSeq(node) && typeof step === 'number' && step < node.items.length) {
      node = node.items[step]
      offset = startOf(node)
    } else {
      return offset
    }
  }
  return offset
}
