/** `lazaret/testing`: for the tests of programs that embed a runtime, and for our own. */
export { ManualClock } from './manual-clock.ts'
export { type ReplayOptions, type ReplayReply, replayKernel } from './replay-kernel.ts'
export { createTestRuntime, eventually, type TestRuntime, type TestRuntimeOptions } from './test-runtime.ts'
