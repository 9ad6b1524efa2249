import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Articles } from './kernel.ts'

export default defineCheck<Articles>(async ({ ask }) => {
  assert.equal(await ask.publish('Getting started', '# text'), 'getting-started')
  assert.equal((await ask.read('getting-started'))?.title, 'Getting started')
})
