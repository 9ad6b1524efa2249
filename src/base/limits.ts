/** Every bound of the runtime, with its unit and its reason. A number that limits something stands here or nowhere. */
export const limits = {
  /** Longest text of an error (message, stack) that crosses threads. A 50 MB message costs 160 ms to clone (FACTS A2). */
  errorTextChars: 65_536,
  /** Causes followed when an error is recorded; deeper chains are cut. */
  errorCauseDepth: 8,
  errorAggregateMembers: 16,

  /** Characters of a kernel id: short enough for a folder, a thread name and a table column. */
  kernelIdChars: 48,
  /** Kernels in one fleet. 300 threads were run on 2 cores (FACTS A7); beyond, memory and descriptors decide. */
  fleetKernels: 500,

  /** Smallest old-generation heap of a thread: at 1 or 2 MB V8 aborts the whole process (FACTS A1). */
  heapMbFloor: 16,
  heapMbCeiling: 65_536,

  /** Messages handed to a thread and not finished. Large enough to hide a wake-up, small enough to requeue at a crash. */
  deliveryWindow: 64,
  /** Posts of a thread that the host has not taken yet; past it the sending thread waits, so memory stays bounded. */
  outboxPosts: 4096,
  /** Longest that a sending thread waits for the host to catch up before it goes on all the same. Milliseconds. */
  outboxWaitMs: 2000,
  /** Posts taken from one thread in one turn of the host's loop, so that a flood cannot starve it (FACTS 0.5). */
  drainPosts: 256,
  /** Time spent on one thread's posts in one turn. Milliseconds. */
  drainMs: 4,

  /** Longest a log line; the rest is cut. Characters. */
  logLineChars: 8192,
  /** Lines kept in memory for each kernel; kernel.log shows the last 100 of them. */
  logRingLines: 500,
  kernelLogLines: 100,
  taskLogLines: 10,

  /** Messages kept for each kernel by the flight recorder, and their bytes in all. */
  recorderMessages: 256,
  recorderBytes: 1_048_576,

  /** Dead letters kept in the journal for each kernel; older ones go first. */
  deadLettersPerKernel: 10_000,
  /** Arguments of a dead letter kept for a person to read. Bytes. */
  deadLetterBytes: 4096,
  /** Events kept in the journal. */
  journalEvents: 200_000,

  /** How often the host looks at every thread for a sign of life. Milliseconds; one sweep for all of them. */
  heartbeatSweepMs: 250,
  /** Own CPU time since the last sign of life that proves a spin (a starved thread has none: FACTS B). Milliseconds. */
  hangCpuMs: 750,
  /** Time neither running nor waiting for a CPU that proves a thread blocked (FACTS B). Milliseconds. */
  hangBlockedMs: 2000,
  /** Longest wait for worker.terminate(); one that takes longer is reniced, reported and replaced (FACTS 0.2). */
  terminateMs: 2000,
  /** Longest that the stack of a hung thread is waited for (145 ms measured). Milliseconds. */
  hangStackMs: 1500,
  /** Threads being started at once: a storm of 50 blocks the host for 418 ms (FACTS A7). */
  parallelStarts: 4,

  /** Bytes of a fleet or playbook file (FACTS D). */
  yamlBytes: 65_536,
  /** Keys of a fleet or playbook file: the library's check for duplicates is quadratic (FACTS D). */
  yamlKeys: 5000,

  /** Largest state a snapshot may hold. Bytes. */
  snapshotBytes: 268_435_456,

  /** Sandboxed runs at once; each is a process of its own. */
  sandboxParallel: 2,
  /** One run of a candidate. Milliseconds. */
  sandboxRunMs: 20_000,
  /** A message that is handled longer than this in the sandbox counts as a hang. Milliseconds. */
  sandboxMessageMs: 3000,
  sandboxHeapMb: 256,
  sandboxOutputBytes: 1_048_576,
  /** Bytes of a kernel's own data folder that are copied for a proof; a larger one is left out, and said so. */
  sandboxDataBytes: 16_777_216,
  patchBytes: 204_800,

  /** How often host resources are sampled: cpu, memory and disk take 529 ms in the background (LIBRARIES 10). */
  systemSampleMs: 30_000,
  /** replay.bin holds exact messages, so it is deleted after this. Milliseconds: 7 days. */
  replayExpiryMs: 604_800_000,

  /** Longest line on the control socket. Bytes. */
  controlLineBytes: 1_048_576,
  controlConnections: 16,
  /** Longest path of a Unix socket: sun_path has 108 bytes on Linux, 104 on macOS. */
  socketPathBytes: 100,
} as const
