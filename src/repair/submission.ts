/**
 * A diff that somebody hands in, as the steps of a remedy: a section a file, its name as the kernel's folder has it. It
 * judges only whether the steps of a remedy can say it; what a repair may change is patch.ts's part, and whether it mends
 * anything is the proof's.
 */
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatPatch, OMIT_HEADERS, parsePatch } from 'diff'
import { LazaretError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { limits } from '../base/limits.ts'
import { urlOfFile } from './apply.ts'
import type { PatchStep } from './patch.ts'

export interface DiffOf {
  /** As they ran when the kernel failed, by file URL. */
  readonly sources: Readonly<Record<string, string>>
  /** With a slash at its end. */
  readonly kernelFolderUrl: string
}

type Section = ReturnType<typeof parsePatch>[number]

const accepted =
  'Accepted: a unified diff as git or diff -u writes it, of files that are there, named from the folder of the kernel or from the repository.'

/**
 * @param diff of one file or more, with names relative to the kernel's folder or to a folder above it.
 * @throws LazaretError OPTION_INVALID where it is no diff; PATCH_REFUSED where it makes, removes or renames files.
 */
export function stepsOfDiff(diff: string, of: DiffOf): PatchStep[] {
  const bytes = Buffer.byteLength(diff)
  if (bytes > limits.patchBytes) {
    throw new LazaretError(
      'OPTION_INVALID',
      `The diff has ${bytes} bytes, and at most ${limits.patchBytes} are accepted.`,
      {
        hint: 'A larger change is edited in the sources, and the kernel let back: lazaret rejoin <id>',
      },
    )
  }
  return sectionsOf(diff).map((section) => stepOf(section, of))
}

/** What git format-patch ends a mail with. No line of a hunk begins with a digit, so it is nothing else. */
const mailSignature = /\n-- \n\d[^\n]*\n*$/

function sectionsOf(diff: string): Section[] {
  let sections: Section[]
  try {
    sections = parsePatch(diff.replace(mailSignature, '\n'))
  } catch (cause) {
    // jsdiff's own words quote the line that it could not read.
    throw noDiff(`: ${cause instanceof Error ? cause.message.slice(0, 200) : 'it cannot be read'}`, cause)
  }
  const changes = sections.filter((section) => section.hunks.length > 0 || isMoreThanText(section))
  if (changes.length === 0) throw noDiff(': there is no hunk in it')
  return changes
}

function noDiff(why: string, cause?: unknown): LazaretError {
  return new LazaretError('OPTION_INVALID', `This is no unified diff${why}.`, { cause, hint: accepted })
}

function isMoreThanText(section: Section): boolean {
  const { isRename, isCopy, isCreate, isDelete, isBinary } = section
  return [isRename, isCopy, isCreate, isDelete, isBinary].includes(true) || section.oldMode !== section.newMode
}

function stepOf(section: Section, of: DiffOf): PatchStep {
  const { oldFileName = '', newFileName = '', hunks } = section
  const isGit = oldFileName.startsWith('a/') && newFileName.startsWith('b/')
  const [before, after] = isGit ? [oldFileName.slice(2), newFileName.slice(2)] : [oldFileName, newFileName]
  if (isMoreThanText(section) || before !== after || after === '') {
    const named = (after === '/dev/null' || after === '' ? before : after).slice(0, 200)
    // A file that is made or removed has its prefix on one side only.
    const shown = JSON.stringify(isGit ? named : named.replace(/^[ab]\//, ''))
    const text = `The change to ${shown} is refused: a repair changes the text of a file that is there, and keeps its name and mode.`
    throw new LazaretError('PATCH_REFUSED', text, { details: { file: after }, hint: accepted })
  }
  const file = fileInKernel(after, of)
  const body = formatPatch({ oldFileName: '', newFileName: '', oldHeader: '', newHeader: '', hunks }, OMIT_HEADERS)
  return {
    ...{ do: 'apply_patch', file, preimageSha256: sha256(of.sources[urlOfFile(file, of.kernelFolderUrl)] ?? '') },
    patch: `--- a/${file}\n+++ b/${file}\n${body}`,
  }
}

/** A name that is given from the repository loses the folders that the kernel's own path ends with. */
function fileInKernel(name: string, { sources, kernelFolderUrl }: DiffOf): string {
  if (sources[urlOfFile(name, kernelFolderUrl)] !== undefined) return name
  const folder = fileURLToPath(kernelFolderUrl).split(sep).join('/')
  const parts = name.split('/')
  for (let above = parts.length - 1; above > 0; above -= 1) {
    if (folder.endsWith(`/${parts.slice(0, above).join('/')}/`)) return parts.slice(above).join('/')
  }
  return name
}
