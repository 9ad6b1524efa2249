/**
 * The kernel's files as one TypeScript project over texts in memory: what is wrong with them, and what the service would
 * change. It looks at the code as Node runs it (module files, extensions in imports, erased types), whatever the user's
 * tsconfig says about that. Nothing is written.
 */
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type ts from '@typescript/typescript6'
import { limits } from '../../base/limits.ts'
import type { ProjectJob } from './job.ts'
import type { TypeScript } from './typescript.ts'

/** New texts by absolute path. */
export type Texts = ReadonlyMap<string, string>

export interface Problem {
  readonly file: string
  readonly start: number
  readonly length: number
  /** From 1. */
  readonly line: number
  readonly code: number
  readonly message: string
  /** The piece of source that it is about. */
  readonly source: string
  /** The same for two problems of one kind in one file, wherever they stand. */
  readonly key: string
}

const sourceName = /\.[cm]?[jt]s$/
const notTheKernels = /(?:^|\.)(?:check|test|spec)\.[cm]?[jt]s$|\.d\.[cm]?ts$/

export class Project {
  readonly ts: TypeScript
  readonly service: ts.LanguageService
  /** Files that ran and that a repair may change. Absolute paths. */
  readonly files: readonly string[]
  /** Those, and the source files beside them that may be imported. */
  readonly importable: readonly string[]
  readonly kernelFolder: string
  readonly #disk = new Map<string, string>()
  #texts: Texts = new Map()
  readonly #versions = new Map<string, number>()

  constructor(api: TypeScript, job: ProjectJob) {
    this.ts = api
    this.kernelFolder = job.kernelFolder
    for (const [url, text] of Object.entries(job.sources)) this.#disk.set(fileURLToPath(url), text)
    const isInside = (file: string) => file.startsWith(join(job.kernelFolder, '/')) && !notTheKernels.test(file)
    this.files = [...this.#disk.keys()].filter((file) => isInside(file) && sourceName.test(file))
    this.importable = [...new Set([...this.files, ...filesBelow(job.kernelFolder).filter(isInside)])]
    const options = optionsFor(api, job)
    const host: ts.LanguageServiceHost = {
      getScriptFileNames: () => [...this.importable],
      getScriptVersion: (file) => String(this.#versions.get(file) ?? 0),
      getScriptSnapshot: (file) => {
        const text = this.#read(file)
        return text === undefined ? undefined : api.ScriptSnapshot.fromString(text)
      },
      getCompilationSettings: () => options,
      getCurrentDirectory: () => job.kernelFolder,
      getDefaultLibFileName: (wanted) => api.getDefaultLibFilePath(wanted),
      readFile: (file) => this.#read(file),
      fileExists: (file) => this.#read(file) !== undefined,
      directoryExists: api.sys.directoryExists,
      getDirectories: api.sys.getDirectories,
      readDirectory: api.sys.readDirectory,
      ...(api.sys.realpath && { realpath: api.sys.realpath }),
      useCaseSensitiveFileNames: () => api.sys.useCaseSensitiveFileNames,
    }
    this.service = api.createLanguageService(host)
  }

  text(file: string): string {
    return this.#read(file) ?? ''
  }

  /** As it is called in the kernel's folder, with `/`. */
  short(file: string): string {
    return relative(this.kernelFolder, file).split(sep).join('/')
  }

  /** The texts that stand in place of those that ran. */
  get texts(): Texts {
    return this.#texts
  }

  /** Looks at the project with these texts in place of those that ran; afterwards it is as it was. */
  with<T>(texts: Texts, look: () => T): T {
    const before = this.#texts
    this.#swap(texts)
    try {
      return look()
    } finally {
      this.#swap(before)
    }
  }

  #swap(texts: Texts): void {
    for (const file of new Set([...texts.keys(), ...this.#texts.keys()])) {
      if (texts.get(file) !== this.#texts.get(file)) this.#versions.set(file, (this.#versions.get(file) ?? 0) + 1)
    }
    this.#texts = texts
  }

  sourceFile(file: string): ts.SourceFile | undefined {
    return this.#program.getSourceFile(file)
  }

  get checker(): ts.TypeChecker {
    return this.#program.getTypeChecker()
  }

  get #program(): ts.Program {
    const program = this.service.getProgram()
    if (program === undefined) throw new Error('The language service has no program.')
    return program
  }

  /** Errors in the files that may be changed, or in some of them. One that cannot be parsed says no more than that. */
  problems(files: readonly string[] = this.files): Problem[] {
    return files.flatMap((file) => {
      const syntax = this.service.getSyntacticDiagnostics(file)
      const found = syntax.length > 0 ? syntax : this.service.getSemanticDiagnostics(file)
      const text = this.text(file)
      return found
        .filter(({ category }) => category === this.ts.DiagnosticCategory.Error)
        .map(({ start = 0, length = 0, code, messageText }) => {
          const message = this.ts.flattenDiagnosticMessageText(messageText, ' ')
          const line = text.slice(0, start).split('\n').length
          const source = text.slice(start, start + length)
          return { file, start, length, line, code, message, source, key: `${file}\0${code}\0${message}` }
        })
    })
  }

  #read(file: string): string | undefined {
    const text = this.#texts.get(file) ?? this.#disk.get(file) ?? this.ts.sys.readFile(file)
    return file.endsWith('/package.json') || file.endsWith('\\package.json') ? this.#asModule(file, text) : text
  }

  /** Node takes a file with `import` in it for a module where no package.json says what it is; TypeScript does not. */
  #asModule(file: string, text: string | undefined): string | undefined {
    if (file.includes('node_modules')) return text
    if (text === undefined) {
      const isOurs = dirname(file) === this.kernelFolder && nearestManifest(this.kernelFolder) === undefined
      return isOurs ? '{"type":"module"}' : undefined
    }
    try {
      const manifest = JSON.parse(text)
      return manifest.type === undefined ? JSON.stringify({ ...manifest, type: 'module' }) : text
    } catch {
      // Not JSON: what Node makes of it is its affair, and TypeScript says the same.
      return text
    }
  }
}

/** Path of the package.json that decides about the files of a folder. */
export function nearestManifest(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return join(at, 'package.json')
    if (at === dirname(at)) return undefined
  }
}

/** Source files below a folder, dependencies and hidden ones left out; bounded. */
function filesBelow(root: string): string[] {
  const found: string[] = []
  const folders = [root]
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
      if (entry.isDirectory()) folders.push(join(folder, entry.name))
      else if (entry.isFile() && sourceName.test(entry.name)) found.push(join(folder, entry.name))
      if (found.length + folders.length >= limits.languageServiceFiles) return found
    }
  }
  return found
}

function optionsFor(api: TypeScript, job: ProjectJob): ts.CompilerOptions {
  const configFile = api.findConfigFile(job.kernelFolder, api.sys.fileExists)
  const users = configFile === undefined ? {} : usersOptions(api, configFile)
  const typeRoots = [job.kernelFolder, dirname(job.kernelModule)].flatMap(typeRootsAbove)
  const hasNodeTypes = typeRoots.some((root) => existsSync(join(root, 'node')))
  return {
    ...{ strict: true, target: api.ScriptTarget.ESNext, ...users },
    ...{ module: api.ModuleKind.NodeNext, moduleResolution: api.ModuleResolutionKind.NodeNext },
    ...{ moduleDetection: api.ModuleDetectionKind.Force, verbatimModuleSyntax: true, isolatedModules: true },
    ...{ noEmit: true, allowImportingTsExtensions: true, allowJs: true, checkJs: true, skipLibCheck: true },
    // Complaints that no crash comes from.
    ...{ noImplicitAny: false, noUnusedLocals: false, noUnusedParameters: false, noImplicitOverride: false },
    ...{ composite: false, incremental: false, declaration: false, declarationMap: false },
    typeRoots,
    types: [...new Set([...(users.types ?? []), ...(hasNodeTypes ? ['node'] : [])])],
    paths: { ...users.paths, 'lazaret/kernel': [job.kernelModule] },
  }
}

/** A tsconfig that cannot be read is as good as none: the kernel ran without it. */
function usersOptions(api: TypeScript, file: string): ts.CompilerOptions {
  const { config } = api.readConfigFile(file, api.sys.readFile)
  if (config === undefined) return {}
  // Without a list of its own, parsing it would walk through every file of the project.
  return api.parseJsonConfigFileContent({ ...config, files: [], include: [] }, api.sys, dirname(file)).options
}

function typeRootsAbove(folder: string): string[] {
  const roots: string[] = []
  for (let at = folder; ; at = dirname(at)) {
    const root = join(at, 'node_modules', '@types')
    if (existsSync(root)) roots.push(root)
    if (at === dirname(at)) return roots
  }
}

export function urlsOf(texts: Texts): Record<string, string> {
  return Object.fromEntries([...texts].map(([file, text]) => [pathToFileURL(file).href, text]))
}
