import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'

export interface Part {
  report: string
  topic: string
  rows: number
}

const mostListeners = 10

export class Workshop extends EventEmitter<{ part: [Part]; whole: [string] }> {
  async build(report: string, topics: string[]): Promise<void> {
    assert.ok(this.listenerCount('part') <= mostListeners, `more than ${mostListeners} listen to parts`)
    for (const topic of topics) {
      await Promise.resolve()
      this.emit('part', { report, topic, rows: topic.length * 10 })
    }
    this.emit('whole', report)
  }
}
