import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^lazaret$/, replacement: source('src/index.ts') },
      { find: /^lazaret\/kernel$/, replacement: source('src/actor/kernel.ts') },
      { find: /^lazaret\/chaos$/, replacement: source('src/chaos/index.ts') },
      { find: /^lazaret\/testing$/, replacement: source('src/testing/index.ts') },
    ],
  },
  test: {
    // Threads are the subject here, so each test file gets a process of its own.
    pool: 'forks',
    maxWorkers: 2,
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/compiled.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
