import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** No threads, no processes, no state that outlives a file: these share a process, which saves one of 0.6 s a file. */
const withoutThreads = [
  ...['base', 'escalation', 'routing', 'playbook', 'diagnostics', 'actor', 'snapshot', 'chart'].map(
    (name) => `test/${name}/*.test.ts`,
  ),
  'test/architecture.test.ts',
  'test/{control,viz}/*.test.ts',
  'test/dashboard/{actor-tree,chart-logic,moves,player}.test.ts',
  'test/cli/{commands,literal,watch-screen}.test.ts',
  'test/dashboard/{fleet-arrange,fleet-facts}.test.ts',
  'test/dashboard/{app,feed,mount,security}.test.ts',
  'test/dashboard/{log-stream,page-lists,story-restores}.test.ts',
  'test/chaos/{drill,ledger,report,watch}.test.ts',
  'test/journal/{batch,dead-letters,file,history,journal}.test.ts',
  'test/kernels/{coding_agent,immutable_log,memory_fusion,message_bus,scheduler}.test.ts',
  'test/kernels/{healing_stats,http_front,imports,outbox,reports,search,templates,webhooks}.test.ts',
  'test/dashboard/{diff-rows,evidence,ladder,story,story-view}.test.ts',
  'test/kernels/{vault,policy,sessions,rate_limits,feature_flags,records,host_health}.test.ts',
  'test/lifecycle/machine.test.ts',
  'test/repair/{agents,ddmin,hotfix,hunks,patch,poison-pattern,proof-lines,source-files}.test.ts',
  'test/repair/{submission,work-folder,workspace}.test.ts',
  'test/supervisor/{inspected-actors,log-tail,resume}.test.ts',
]

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
    maxWorkers: 3,
    globalSetup: ['test/support/compiled.ts'],
    // For a machine that is busy with something else: no test waits for the time, each for what happens.
    testTimeout: 90_000,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'pure', include: withoutThreads, isolate: false } },
      {
        extends: true,
        // Threads are the subject here, so each test file gets a process of its own.
        test: { name: 'threads', pool: 'forks', include: ['test/**/*.test.ts'], exclude: withoutThreads },
      },
    ],
  },
})
