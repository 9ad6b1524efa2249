/** Numbers and states as people read them. Pure; shared by the page and by what is written as a file. */
export { clockTime, count, duration } from '../../base/words.ts'

export type Tone = 'good' | 'watch' | 'bad' | 'calm' | 'plain'

/** Green in service, yellow on the way, red out of it, blue on probation. */
export function toneOf(state: string): Tone {
  const first = state.split('.', 1)[0] ?? ''
  if (first === 'running') return 'good'
  if (first === 'failed' || first === 'quarantined') return 'bad'
  if (first === 'rejoined' || first === 'repairing') return 'calm'
  return first === 'stopped' ? 'plain' : 'watch'
}
