export interface Job {
  id: string
  work: string
  tries: number
}

interface Lease {
  job: Job
  timer: NodeJS.Timeout
}

export class Leases {
  readonly #ms: number
  readonly #onLapse: (job: Job) => void
  readonly #leases = new Map<string, Lease>()

  constructor(ms: number, onLapse: (job: Job) => void) {
    this.#ms = ms
    this.#onLapse = onLapse
  }

  grant(job: Job): void {
    const timer = setTimeout(() => this.#lapse(job.id), this.#ms)
    this.#leases.set(job.id, { job: { ...job, tries: job.tries + 1 }, timer })
  }

  end(id: string): Job | undefined {
    const lease = this.#leases.get(id)
    clearTimeout(lease?.timer)
    this.#leases.delete(id)
    return lease?.job
  }

  endAll(): void {
    for (const id of [...this.#leases.keys()]) this.end(id)
  }

  jobs(): Job[] {
    return [...this.#leases.values()].map(({ job }) => job)
  }

  #lapse(id: string): void {
    const { job } = this.#leases.get(id) as Lease
    this.#leases.delete(id)
    this.#onLapse(job)
  }
}
