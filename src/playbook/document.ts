/**
 * Changes to the text of a playbook file that leave a person's own comments and order alone. Pure: text in, text out.
 * Each result is read back and compared before it is handed out, so nothing that YAML would alter gets to the disk.
 */
import { isDeepStrictEqual } from 'node:util'
import { Document, isMap, isScalar, isSeq, parseDocument, Scalar, visit, type YAMLMap, type YAMLSeq } from 'yaml'
import { inputError } from '../base/input-problem.ts'
import { limits } from '../base/limits.ts'
import { redactText, safeLine } from '../base/redact.ts'
import { type Playbook, parsePlaybooks, toEntry } from './schema.ts'

const parseOptions = { schema: 'core', merge: false, uniqueKeys: false, stringKeys: true, logLevel: 'silent' } as const

function header(kernel: string): string {
  return [
    ` Playbooks of the kernel ${kernel}: what healed its failures before, and heals them again.`,
    ' The runtime adds to this file and counts in it; edit it freely, it is read again as soon as it is saved.',
    '',
    ' trust: trial      used, and watched',
    '        trusted    used at the first crash, without trying restarts first',
    '        suspended  never used; set it to trial to give it another chance',
    ' To forget a playbook, delete it. Comments are kept.',
  ].join('\n')
}

function listIn(document: Document): YAMLSeq | undefined {
  const list = document.get('playbooks', true)
  return isSeq(list) ? list : undefined
}

/** Lines for people, without the mark of a comment. */
export interface PlaybookComments {
  /** Above the playbook: where it comes from and what its proof showed. */
  readonly above: readonly string[]
  /** Above each step, in their order. */
  readonly steps: readonly (readonly string[])[]
}

/** @param text of the file, valid; undefined where there is none yet. */
export function addPlaybook(text: string | undefined, playbook: Playbook, comments?: PlaybookComments): string {
  const { kernel } = playbook
  const document =
    text === undefined ? new Document({ version: 1, kernel, playbooks: [] }) : parseDocument(text, parseOptions)
  if (text === undefined) document.commentBefore = header(kernel)
  const list = listIn(document)
  const node = document.createNode(toEntry(playbook), { aliasDuplicateObjects: false })
  visit(node, {
    Pair(_, pair) {
      const isPatch = isScalar(pair.key) && pair.key.value === 'patch' && isScalar(pair.value)
      if (isPatch && isScalar(pair.value)) pair.value.type = Scalar.BLOCK_LITERAL
    },
  })
  if (comments !== undefined && isMap(node)) comment(node, comments)
  if (list !== undefined) {
    // A list or a file in braces would take the patch as one long quoted line.
    list.flow = false
    if (isMap(document.contents)) document.contents.flow = false
    list.add(node)
  }
  return checked(document, kernel, playbook)
}

function comment(node: YAMLMap, { above, steps }: PlaybookComments): void {
  node.commentBefore = commentText(above)
  const list = node.get('steps')
  if (!isSeq(list)) return
  for (const [index, step] of list.items.entries()) {
    if (isMap(step)) step.commentBefore = commentText(steps[index] ?? [])
  }
}

/** One space before each line; whatever could end a comment's line is gone. */
function commentText(lines: readonly string[]): string {
  return lines.map((line) => ` ${safeLine(redactText(line))}`).join('\n')
}

/** Changes trust and counters of one playbook. @param text of the file, valid, with a playbook of this name. */
export function countPlaybook(text: string, playbook: Playbook): string {
  const document = parseDocument(text, parseOptions)
  const index = listIn(document)?.items.findIndex((item) => isMap(item) && item.get('name') === playbook.name) ?? -1
  for (const key of ['trust', 'successes', 'failures'] as const) {
    document.setIn(['playbooks', index, key], playbook[key])
  }
  return checked(document, playbook.kernel, playbook)
}

/** The text, after making sure that it says what is meant and is within the limits. */
function checked(document: Document, kernel: string, playbook: Playbook): string {
  const text = document.toString({ lineWidth: 0 })
  const makeError: Parameters<typeof parsePlaybooks>[2] = (first, rest) =>
    inputError('PLAYBOOK_INVALID', { name: `playbook ${playbook.name} of ${kernel}` }, first, rest)
  const bytes = Buffer.from(text)
  if (bytes.byteLength > limits.yamlBytes) {
    const advice = 'Delete playbooks that are no longer needed; a repair too large for one is for a person.'
    throw makeError({
      path: [],
      accepted: `in a file of ${limits.yamlBytes} bytes or fewer`,
      got: `${bytes.byteLength}`,
      advice,
    })
  }
  const value: unknown = parseDocument(bytes.toString('utf8'), parseOptions).toJS()
  const found = parsePlaybooks(value, kernel, makeError).find(({ name }) => name === playbook.name)
  if (!isDeepStrictEqual(found, playbook)) {
    const advice = 'It has characters that YAML cannot hold; write it by hand.'
    throw makeError({ path: [], accepted: 'text that YAML gives back unchanged', got: 'something else', advice })
  }
  return text
}
