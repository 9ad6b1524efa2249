/**
 * From a crash to candidates, best first: the crash's own problems before others, the smaller change before the larger.
 * A candidate clears the problem at hand and brings no new one; a kernel that was never free of them can be mended all
 * the same. Where one failure hides the next, what comes to light is corrected too, a few times over. Whether any of it
 * is right is for the proof to say.
 */
import { fileURLToPath } from 'node:url'
import { limits } from '../../base/limits.ts'
import { type Correction, correctionsOf } from './corrections.ts'
import { type Crash, readCrash } from './crash.ts'
import type { LanguageAnswer, LanguageCandidate, LanguageJob } from './job.ts'
import { nameCorrections } from './names.ts'
import { pathCorrections } from './paths.ts'
import { type Problem, Project, type Texts, urlsOf } from './project.ts'
import type { TypeScript } from './typescript.ts'

/** A correction, with what is wrong once it is made. */
interface Step {
  readonly texts: Texts
  readonly whats: readonly string[]
  readonly reveals: boolean
  /** Problems left. */
  readonly problems: readonly Problem[]
  /** Those among them that were not there before. */
  readonly fresh: readonly Problem[]
}

/**
 * Complaints that say that a name, an import, an await or a const is wrong. In plain JavaScript only these are believed: the rest
 * is about types that nobody wrote.
 */
const aboutNames: ReadonlySet<number> = new Set([
  ...[1308, 1543, 2304, 2305, 2307, 2339, 2349, 2503, 2550, 2551, 2552, 2570, 2588, 2613, 2614, 2724, 2792, 2834, 2835],
])
/** How far a problem may be from the crash to be of it: see relevance(). */
const related = 3

export function search(api: TypeScript, job: LanguageJob): LanguageAnswer {
  const project = new Project(api, job)
  const unchanged = new Set(job.unchanged.map((url) => fileURLToPath(url)))
  return new Search(project, readCrash(job.error), unchanged, performance.now() + job.searchMs).run()
}

class Search {
  readonly #project: Project
  readonly #crash: Crash
  readonly #unchanged: ReadonlySet<string>
  readonly #endsAt: number
  readonly #base: readonly Problem[]
  readonly #found = new Map<string, LanguageCandidate>()
  #looks = 0

  /** @param endsAt on the clock of performance.now(). */
  constructor(project: Project, crash: Crash, unchanged: ReadonlySet<string>, endsAt: number) {
    this.#project = project
    this.#crash = crash
    this.#unchanged = unchanged
    this.#endsAt = endsAt
    this.#base = this.#problems()
  }

  run(): LanguageAnswer {
    for (const leads of this.#leads()) {
      const steps = this.#steps(leads)
      this.#keep(steps)
      this.#climbFrom(steps)
    }
    const candidates = [...this.#found.values()].slice(0, limits.languageServiceCandidates)
    if (candidates.length > 0) return { candidates }
    const files = `${this.#project.files.length} file${this.#project.files.length === 1 ? '' : 's'}`
    const complaints = `${this.#base.length} complaint${this.#base.length === 1 ? '' : 's'}`
    const over = this.#isOver() ? ' in the time that it had' : ''
    const none = `TypeScript ${this.#project.ts.version} has ${complaints} about the ${files} that ran, and no correction that may mend this failure was found${over}`
    return { candidates: [], none }
  }

  /**
   * Corrections that have not been tried, in groups: for what is wrong at the crash; for a name that only the error knows
   * of; for what is wrong elsewhere, which may be the cause where there are types and is noise where there are none.
   */
  #leads(): (() => Lead[])[][] {
    const project = this.#project
    const inOrder = distinct(this.#base.toSorted((a, b) => this.#relevance(a) - this.#relevance(b)))
    const isNear = (problem: Problem) => this.#relevance(problem) <= related
    const ofProblem = (problem: Problem) => () =>
      correctionsOf(project, problem).map((correction) => ({ correction, problem }))
    // Where types have found the very name, a guess at it is only worse.
    const missing = this.#crash.notCallable ?? this.#crash.undefinedName
    const isSeen = this.#base.some((problem) => problem.source === missing && isNear(problem))
    const ofCrash = (all: Correction[]) => all.map((correction) => ({ correction }))
    return [
      [() => ofCrash(pathCorrections(project, this.#crash)), ...inOrder.filter(isNear).map(ofProblem)],
      isSeen ? [] : [() => ofCrash(nameCorrections(project, this.#crash, this.#unchanged))],
      inOrder.filter((problem) => !isNear(problem) && /ts$/.test(problem.file)).map(ofProblem),
    ]
  }

  /** 0 where place and name are the crash's, 3 for the place of an outer frame, 5 where it has nothing of it. */
  #relevance({ file, line, source }: Problem): number {
    const isNamed = this.#crash.names.has(/[\w$]+/.exec(source)?.[0] ?? '')
    const [top, ...outer] = this.#crash.frames.filter((frame) => this.#project.files.includes(frame.file))
    if (top?.file === file && top.line === line) return isNamed ? 0 : 1
    if (isNamed) return 2
    if (outer.some((frame) => frame.file === file && frame.line === line)) return related
    return top?.file === file ? 4 : 5
  }

  #isOver(): boolean {
    return performance.now() > this.#endsAt || this.#looks >= limits.languageServiceLooks
  }

  #problems(): Problem[] {
    this.#looks += 1
    return this.#project.problems().filter(({ file, code }) => /ts$/.test(file) || aboutNames.has(code))
  }

  /** Those of the leads that clear their problem. */
  #steps(leads: readonly (() => Lead[])[]): Step[] {
    const steps: Step[] = []
    for (const lead of leads) {
      if (this.#isOver()) break
      for (const { correction, problem } of lead()) {
        const step = this.#try(correction, problem, this.#base)
        if (step !== undefined) steps.push(step)
      }
    }
    return steps
  }

  #try(correction: Correction, problem: Problem | undefined, before: readonly Problem[]): Step | undefined {
    if (this.#isOver()) return undefined
    const { texts, what, reveals } = correction
    const problems = this.#project.with(texts, () => this.#problems())
    if (problem !== undefined && count(problems, problem.key) >= count(before, problem.key)) return undefined
    return { texts, whats: [what], reveals, problems, fresh: beyond(problems, this.#base) }
  }

  /** Those that bring nothing new first; then those of which it cannot be told what was there before. */
  #keep(steps: readonly Step[]): void {
    const clean = steps.filter(({ fresh }) => fresh.length === 0)
    const revealing = steps.filter(({ fresh, reveals }) => fresh.length > 0 && reveals)
    for (const { texts, whats } of [...clean, ...revealing]) this.#add(texts, whats)
  }

  #add(texts: Texts, whats: readonly string[]): void {
    const key = JSON.stringify([...texts].sort())
    if (this.#found.has(key)) return
    this.#found.set(key, {
      texts: urlsOf(texts),
      why: `TypeScript ${this.#project.ts.version} and the error lead to this: ${whats.join(', and ')}.`,
    })
  }

  /** What a correction brings to light, or what was wrong beside it, is corrected on top of it. */
  #climbFrom(steps: readonly Step[]): void {
    for (const step of steps.slice(0, limits.languageServiceClimbs)) {
      let at: Step | undefined = step
      for (let height = 1; at !== undefined && height < limits.languageServiceChain; height += 1) {
        at = this.#above(at)
        if (at !== undefined && at.fresh.length === 0) this.#add(at.texts, at.whats)
      }
    }
  }

  /** The first correction on top of this step that leaves fewer new problems, or no more of the old ones. */
  #above(step: Step): Step | undefined {
    const old = step.problems.filter((problem) => !step.fresh.includes(problem))
    const next = step.fresh.length > 0 ? step.fresh : old.filter(({ file }) => /ts$/.test(file))
    const inOrder = distinct(next.toSorted((a, b) => this.#relevance(a) - this.#relevance(b)))
    for (const problem of inOrder) {
      for (const correction of this.#project.with(step.texts, () => correctionsOf(this.#project, problem))) {
        const tried = this.#try(correction, problem, step.problems)
        if (tried === undefined || tried.problems.length >= step.problems.length) continue
        return { ...tried, whats: [...step.whats, ...tried.whats] }
      }
      if (this.#isOver()) return undefined
    }
    return undefined
  }
}

interface Lead {
  readonly correction: Correction
  readonly problem?: Problem
}

function distinct(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.toReversed().map((problem) => [problem.key, problem])).values()].reverse()
}

function count(problems: readonly Problem[], key: string): number {
  return problems.filter((problem) => problem.key === key).length
}

/** Problems that are not among those of before, however the lines have moved. */
export function beyond(problems: readonly Problem[], before: readonly Problem[]): Problem[] {
  const left = new Map<string, number>()
  for (const { key } of before) left.set(key, (left.get(key) ?? 0) + 1)
  return problems.filter(({ key }) => {
    const known = left.get(key) ?? 0
    left.set(key, known - 1)
    return known <= 0
  })
}
