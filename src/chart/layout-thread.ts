/** The thread that lays out charts, one after another, as layout-desk.ts sends them. */
import { parentPort } from 'node:worker_threads'
import { toRecord } from '../base/error-record.ts'
import { layoutChart } from './layout.ts'
import type { LayoutAnswer, LayoutJob } from './layout-desk.ts'

const port = parentPort
if (port === null) throw new Error('layout-thread is started as a worker thread by layout-desk, not by itself.')
port.on('message', async ({ id, chart }: LayoutJob) => {
  let answer: LayoutAnswer
  try {
    answer = { id, layout: await layoutChart(chart) }
  } catch (thrown) {
    answer = { id, error: toRecord(thrown) }
  }
  port.postMessage(answer)
})
