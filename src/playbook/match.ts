/** Which of a kernel's playbooks is meant: by a failure, by a lesson learnt again, by a name. Pure. */
import { isDeepStrictEqual } from 'node:util'
import type { Playbook } from './schema.ts'

/** A trusted one before one on trial, then the one with more successes; never a suspended one. */
export function bestMatch(playbooks: readonly Playbook[], fingerprint: string): Playbook | undefined {
  return playbooks
    .filter((playbook) => playbook.fingerprint === fingerprint && playbook.trust !== 'suspended')
    .sort((a, b) => Number(b.trust === 'trusted') - Number(a.trust === 'trusted') || b.successes - a.successes)[0]
}

/** The one that does the same to the same failure, whatever it is called. */
export function sameLesson(playbooks: readonly Playbook[], lesson: Playbook): Playbook | undefined {
  return playbooks.find(
    ({ fingerprint, steps }) => fingerprint === lesson.fingerprint && isDeepStrictEqual(steps, lesson.steps),
  )
}

/** The name, or the name with the first number that makes it one of its own. */
export function freeName(name: string, there: readonly Playbook[]): string {
  const taken = new Set(there.map((playbook) => playbook.name))
  let free = name
  for (let count = 2; taken.has(free); count += 1) free = `${name}-${count}`
  return free
}
