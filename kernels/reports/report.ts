/** What a report says, whom it asks for it, and how it reads without a template. */
export interface Report {
  /** Epoch milliseconds. */
  at: number
  /** How many records there are. Null, here and below: its kernel did not answer. */
  records: number | null
  /** Open sessions. */
  sessions: number | null
  /** The head of the log. */
  log: { index: number; hash: string } | null
  healing: { incidents: number; open: number; meanMs: number | null } | null
  /** Whether the machine is well. */
  healthy: boolean | null
  /** What could not be had, of whom, and why. */
  missing: { fact: string; kernel: string; why: string }[]
  text: string
}

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

interface Source {
  fact: keyof Report
  kernel: string
  method: string
  /** An answer of another shape (whoever stands in for a kernel may answer otherwise) is no answer. */
  isAnswer(value: unknown): boolean
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0

export const sources: readonly Source[] = [
  { fact: 'records', kernel: 'records', method: 'count', isAnswer: isCount },
  { fact: 'sessions', kernel: 'sessions', method: 'count', isAnswer: isCount },
  { fact: 'log', kernel: 'immutable_log', method: 'head', isAnswer: (value) => typeof Object(value).hash === 'string' },
  {
    fact: 'healing',
    kernel: 'healing_stats',
    method: 'summary',
    isAnswer: (value) => isCount(Object(value).incidents),
  },
  { fact: 'healthy', kernel: 'host_health', method: 'isHealthy', isAnswer: (value) => typeof value === 'boolean' },
]

export function plainText(report: Omit<Report, 'text'>): string {
  const { records, sessions, log, healing, healthy, missing } = report
  const said = (value: unknown) => (value === null ? 'unknown' : String(value))
  const lines = [
    `Report of ${new Date(report.at).toISOString()}`,
    `records: ${said(records)}`,
    `sessions: ${said(sessions)}`,
    `log: ${log === null ? 'unknown' : `${log.index + 1} entries`}`,
    `incidents: ${healing === null ? 'unknown' : `${healing.incidents}, ${healing.open} open`}`,
    `machine: ${healthy === null ? 'unknown' : healthy ? 'well' : 'not well'}`,
  ]
  return [...lines, ...missing.map(({ kernel, why }) => `missing: ${kernel} (${why})`)].join('\n')
}
