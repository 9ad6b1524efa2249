/** The pictures in this folder are what the code draws. After a change: node test/viz/draw.ts, and look at them. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { pictureFile, pictureOf } from './draw.ts'
import { twelveMachines } from './machines.ts'

test.each(Object.entries(twelveMachines))('%s is drawn as in its picture', async (name, machine) => {
  const kept = readFileSync(pictureFile(name), 'utf8')
  expect(await pictureOf(machine), 'draw anew with: node test/viz/draw.ts').toBe(kept)
})
