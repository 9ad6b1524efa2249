/** Every bound of the runtime, with its unit and its reason. A number that limits something stands here or nowhere. */
export const limits = {
  /** Longest text of an error (message, stack) that crosses threads. A 50 MB message costs 160 ms to clone (FACTS A2). */
  errorTextChars: 65_536,
  /** Causes followed when an error is recorded; deeper chains are cut. */
  errorCauseDepth: 8,
  errorAggregateMembers: 16,
  /** Causes and members of one error in all: an AggregateError that holds itself 16 times would grow to 16^8. */
  errorRecords: 64,

  /** Characters of a kernel id: short enough for a folder, a thread name and a table column. */
  kernelIdChars: 48,
  /** Kernels in one fleet. 300 threads were run on 2 cores (FACTS A7); beyond, memory and descriptors decide. */
  fleetKernels: 500,

  /** How often memory and CPU of the threads are sampled, and how long one may take to answer. Milliseconds. */
  vitalsSampleMs: 2000,
  vitalsAnswerMs: 250,

  /** Smallest old-generation heap of a thread: at 1 or 2 MB V8 aborts the whole process (FACTS A1). */
  heapMbFloor: 16,
  heapMbCeiling: 65_536,
  externalMbCeiling: 65_536,

  /** Longest delay of a Node.js timer, 24.8 days: a longer one fires after 1 ms. Milliseconds. */
  timerMs: 2_147_483_647,
  /** Messages that one kernel may handle at once: each is a pending promise in its heap and a slot in its window. */
  concurrency: 1024,
  /** Standbys of one kernel: each is a thread (5 descriptors, 7.5 MB: FACTS A7) that may never be needed. */
  replicas: 8,
  /** Restarts before escalation: past 100 a crash loop is what the runtime exists to prevent. */
  restartMax: 100,
  /** Messages of one mailbox or one degraded buffer: they are the host's memory. */
  queuedMessages: 1_000_000,
  /** Snapshots kept of one kernel: each may hold snapshotBytes on disk. */
  snapshotKeep: 100,
  /** Longest that a repair whose time is over may take to end its processes. Milliseconds. */
  repairEndMs: 5000,
  /** Repairs tried before a kernel is parked: each costs a sandboxed run and a person's patience. */
  repairAttempts: 100,
  /** Repairs applied to one kernel within an hour, at most: more is a loop of repairs. */
  repairsPerHour: 100,

  /** The hour of repair.maxPerHour. Milliseconds. */
  repairStormMs: 3_600_000,

  /** Messages handed to a thread and not finished. Large enough to hide a wake-up, small enough to requeue at a crash. */
  deliveryWindow: 64,
  /** Calls of one remote that wait for their answer: they are not in the mailbox, so its bound does not hold them. */
  remoteCalls: 4096,
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
  /** Who may follow the logs at once: each is called for every line. */
  logFollowers: 64,
  /** How long a page waits for more lines of a log before it is sent what there is, and lines that wait for that: older ones go. */
  logFrameMs: 100,
  logFrameLines: 2000,
  /** Earlier lines that a follower gets first: half of what a slow reader may leave unread. Characters. */
  logBacklogChars: 524_288,
  taskLogLines: 10,

  /** What a redacted copy for people may hold: levels, entries of one container, containers and characters in all. */
  redactDepth: 12,
  redactEntries: 200,
  redactNodes: 5000,
  redactChars: 262_144,

  /** Frames of an error's stack that are shown with their source, of it and of its causes together. */
  sourceFrames: 8,
  /** Lines shown before and after the one at fault. */
  sourceLinesAround: 6,
  /** Longest a source line that is shown; of a bundle's the part around the column. Characters. */
  sourceLineChars: 240,
  /** Largest source map, and largest source that it names, that is read while evidence is captured. Bytes. */
  sourceMapBytes: 8_388_608,

  /**
   * Actors of a kernel's own machines that are shown: as many as a person looks through. An actor that has ended gives
   * way to a new one; further ones that live are not shown.
   */
  inspectedActors: 64,
  /** Records of them that wait in the thread, and leave it together: newer ones push older ones out. */
  inspectedHeld: 48,
  /** Time between two such batches. Milliseconds. */
  inspectedEveryMs: 100,
  /** CPU time after which no more records are made for a batch. Milliseconds; a full one of small contexts takes 3. */
  inspectedSpendMs: 20,
  /** A batch that took 1 ms to make is followed by a pause of this many, 2 % of the thread; and the longest pause. */
  inspectedPause: 50,
  inspectedPauseMs: 1000,
  /** What is written of one context or one event: containers, entries of one, characters of its texts, and in all. */
  inspectedNodes: 200,
  inspectedEntries: 50,
  inspectedTextChars: 4096,
  inspectedJsonChars: 8192,
  /** States and transitions of a machine that is drawn. */
  inspectedChartParts: 2000,
  /** Records kept for each actor, and characters of all records of one kernel: they are the host's memory. */
  inspectedRecent: 50,
  inspectedChars: 1_048_576,

  /** Messages kept for each kernel by the flight recorder, and their bytes in all. */
  recorderMessages: 256,
  recorderBytes: 1_048_576,
  /** Largest reply that is kept with its message; a larger one is compared with nothing. Bytes. */
  recorderReplyBytes: 65_536,
  /** Largest snapshot that a replay may start from in place of the state of the boot: it is held in memory. Bytes. */
  recorderStateBytes: 16_777_216,
  /** Healthy messages kept with a golden snapshot, and their bytes with state and replies in all. */
  holdOutMessages: 64,
  holdOutBytes: 262_144,

  /** Dead letters kept in the journal for each kernel; older ones go first. */
  deadLettersPerKernel: 10_000,
  /** Arguments of a dead letter kept for a person to read. Bytes. */
  deadLetterBytes: 4096,
  /** Dead letters that one command sends again: unless it says otherwise, and at most. Each waits for the one before. */
  deadLetterReplay: 100,
  deadLetterReplayMax: 1000,
  /** How often a replay says how far it has come, and looks whether a busy mailbox has room again. Milliseconds. */
  deadLetterReplaySayMs: 1000,
  deadLetterReplayRoomMs: 50,
  /** Dead letters in one answer, and characters of their arguments as text: 1.6 MB at most. */
  deadLettersShown: 200,
  deadLetterShownChars: 4096,
  /** Events kept in the journal. */
  journalEvents: 200_000,
  /** Longest an event's facts in the journal; longer texts in them are cut. Characters of JSON. */
  journalEventChars: 16_384,
  /** Events and dead letters are written together: this long after the first, or when there are so many. Milliseconds. */
  journalBatchMs: 100,
  journalBatchRows: 500,
  /** Events and dead letters that wait in memory while the disk refuses them; older ones go first. */
  journalQueueRows: 10_000,
  /** Wait before a refused batch is tried again. Milliseconds. */
  journalRetryMs: 5000,
  /** Longest that a write waits for another process that holds the journal; the host stands still. Milliseconds. */
  journalBusyMs: 1000,
  /** Longest that a runtime waits for the lock on its data directory; the host stands still. Milliseconds. */
  journalLockWaitMs: 250,
  /** Rows that a reading returns where it names no limit. */
  journalReadRows: 1000,
  /** Transitions of one kernel's chart that a reading returns where it names no number, and at most. */
  historySteps: 200,
  historyStepsCeiling: 1000,

  /** Failures kept for each kernel. */
  journalFailuresPerKernel: 1000,
  /** Finished incidents, attempts, tasks, hotfixes and the like, each kind; what is still open is always kept. */
  journalHistoryRows: 5000,

  /** How often the host looks at every thread for a sign of life. Milliseconds; one sweep for all of them. */
  heartbeatSweepMs: 250,
  /** Own CPU time since the last sign of life that proves a spin (a starved thread has none: FACTS B). Milliseconds. */
  hangCpuMs: 750,
  /** Time neither running nor waiting for a CPU that proves a thread blocked (FACTS B). Milliseconds. */
  hangBlockedMs: 2000,
  /** Quiet this long, a thread counts as hung where its CPU time cannot be read (elsewhere than Linux). Milliseconds. */
  hangWallMs: 5000,
  /** A thread that starves is forgiven this long beyond its heartbeat's timeout. Milliseconds. */
  hangStarvedMs: 30_000,
  /** Longest wait for worker.terminate(); one that takes longer is reniced, reported and replaced (FACTS 0.2). */
  terminateMs: 2000,
  /** Longest that the stack of a hung thread is waited for (145 ms measured). Milliseconds. */
  hangStackMs: 1500,
  /** How long a hung thread is watched for its CPU profile, and the time between two looks. Milliseconds, microseconds. */
  hangProfileForMs: 300,
  hangProfileSampleUs: 1000,
  /** Longest that this profile is waited for: the thread's callers wait meanwhile. Milliseconds. */
  hangProfileMs: 2000,
  /** Largest profile that is kept with the evidence: 300 samples take some 20 KB. Bytes. */
  hangProfileBytes: 2_097_152,
  /** Threads being started at once: a storm of 50 blocks the host for 418 ms (FACTS A7). */
  parallelStarts: 4,

  /** Bytes of a fleet or playbook file (FACTS D). */
  yamlBytes: 65_536,
  /** Keys of a fleet or playbook file: the library's check for duplicates is quadratic (FACTS D). */
  yamlKeys: 5000,
  playbooksPerFile: 64,
  playbookSteps: 16,
  /** Time for one step in service: unless the playbook names another, and at most. Milliseconds. */
  playbookStepMs: 10_000,
  playbookStepMsCeiling: 600_000,
  /** Longest wait of one step: the kernel is out of service meanwhile. Milliseconds: 10 minutes. */
  playbookWaitMs: 600_000,
  /** Longest text that a step tells operators: one that fits an alert. Characters. */
  playbookNotifyChars: 1000,
  /** Terms of one pattern of messages: each is looked up for every message of its method. */
  patternTerms: 8,
  /** Longest dotted path in a message or a configuration. Characters. */
  dottedPathChars: 200,
  /** Texts of a playbook file kept for each kernel, of yamlBytes at most each; older ones go first. */
  playbookVersions: 50,
  /** Quiet time after a change in the playbooks folder before it is read: editors write in steps. Milliseconds. */
  playbookReloadMs: 100,
  /** Levels of lists and sections inside one another: the library's parser overflows the stack near 800 (FACTS D). */
  yamlDepth: 64,
  /** Keys and items of a fleet handed in as an object: shared parts that unfold for ever stop here. */
  objectEntries: 100_000,

  /** Longest that a snapshot keeps the next messages of a kernel waiting while earlier ones are handled. Milliseconds. */
  snapshotGateMs: 200,
  /** Largest state a snapshot may hold. Bytes. */
  snapshotBytes: 268_435_456,
  /** First line of a snapshot file: one line of JSON with six short fields. Bytes. */
  snapshotHeaderBytes: 4096,

  /** How often the files behind the fleet are held against what was loaded and written. Milliseconds. */
  integrityEveryMs: 30_000,
  /** Shortest that a person may set: a round over 300 kernels takes longer. Milliseconds. */
  integrityEveryMsFloor: 10,
  /** Every so many rounds files are read whose size and times say that nothing has changed. */
  integrityThoroughRounds: 20,
  /** Kernels whose files are read at once, one of them by the round: libuv has four threads for all of the host's files. */
  integrityParallel: 2,
  /** Bytes read and hashed in one piece: 0.2 ms of the host's loop. */
  integritySliceBytes: 262_144,
  /** Keys of one kernel's configuration that are named as different. */
  integrityKeys: 50,
  /** Longest that an escalation waits for the files of its kernel to be looked at. Milliseconds. */
  integrityCaptureMs: 1000,

  /** Sandboxed runs at once; each is a process of its own. */
  sandboxParallel: 2,
  /** Processes that wait for a candidate, some 50 MB each. */
  sandboxWarm: 2,
  /** Longest that one of them waits; trials of one repair follow one another more closely. Milliseconds. */
  sandboxWarmMs: 3000,
  /** One run of a candidate. Milliseconds. */
  sandboxRunMs: 20_000,
  /** A message that is handled longer than this in the sandbox counts as a hang. Milliseconds. */
  sandboxMessageMs: 3000,
  /** Times its bound that a step may last which did not get the CPU for it: the machine is busy, and it is no hang. */
  sandboxPatience: 4,
  /** Import and start() of a candidate, each. Milliseconds. */
  sandboxStartMs: 10_000,
  /** Wait after the last replayed message, so that late throws show. Milliseconds. */
  sandboxSettleMs: 150,
  /** The same wait where the incident itself happened while the kernel was idle. Milliseconds. */
  sandboxIdleMs: 2000,
  sandboxHeapMb: 256,
  /** Resident memory of one candidate, buffers included, which V8's own limit does not count. */
  sandboxRssMb: 640,
  /** Bytes that a candidate's process may send to its driver: an error with its causes may reach 1.2 MB. */
  sandboxChannelBytes: 8_388_608,
  /** Lines of a candidate's log that come back with its result. */
  sandboxLogLines: 50,
  /** Largest reply that comes back from a trial as it is; of larger ones only the hash. Bytes. */
  answerValueBytes: 4096,
  sandboxOutputBytes: 1_048_576,
  /** Bytes of a kernel's own data folder that are copied for a proof; a larger one is left out, and said so. */
  sandboxDataBytes: 16_777_216,
  /** Files and folders of that data: each trial gets a copy of all of them. */
  sandboxDataFiles: 2000,
  patchBytes: 204_800,
  /** Changed lines and files of one repair, what goes back to golden's text not counted: more is for a person to write. */
  proofLines: 500,
  proofFiles: 10,
  /** Near misses of a failing message that are tried: each costs a sandboxed run without the patch, once an incident. */
  proofMutations: 3,
  /** Changed lines up to which the smallest diff is looked for, as its cost is quadratic: 4000 took 1.3 s. */
  diffLines: 1000,

  /** Longest that the process of the language service lives: 0.5 to 2 s measured (LIBRARIES 2). Milliseconds. */
  languageServiceMs: 60_000,
  /** Time for its search; what was found until then is the answer. Milliseconds. */
  languageServiceSearchMs: 20_000,
  /** Its heap: 500 MB were resident with one project of this size. */
  languageServiceHeapMb: 1024,
  /** Source files and folders of a kernel's folder that it looks at. */
  languageServiceFiles: 300,
  /** Times that it checks the whole project, each of 10 to 300 ms. */
  languageServiceLooks: 100,
  /** Candidates proposed: each costs up to three sandboxed runs. */
  languageServiceCandidates: 12,
  /** Corrections on top of which more are looked for, and how many make one candidate at most. */
  languageServiceClimbs: 3,
  languageServiceChain: 4,
  /** Its answer holds whole texts of files. Characters. */
  languageServiceAnswerChars: 33_554_432,
  /** What is kept of the words with which it died. Characters. */
  languageServiceComplaintChars: 2000,
  /** Hunks of a change that are told apart: in more than this the one at fault takes longer to find than to read. */
  revertHunks: 200,
  /** Sandboxed runs of one search for the hunks at fault: 12 hunks with one bad take about 14. */
  revertRuns: 40,
  /** Of those, kept for hunks that belong together, where there are any: a few sets, each run and checked. */
  revertRunsKept: 8,
  /** Time for that search, without those: hangs and late throws take seconds a run. Milliseconds. */
  revertSearchMs: 20_000,
  /** Names that a candidate's reason lists, of those by which its hunks belong together. */
  revertNames: 8,
  /** Sandboxed runs with which a replay looks for the fewest messages: one of 256 at fault takes 18, pairs twice that. */
  replayRuns: 120,
  /** Time for that search; what was found until then is the answer. Milliseconds. */
  replaySearchMs: 120_000,
  /** Sandboxed runs with which the replies are found that a written test needs. */
  replayReplyRuns: 40,
  /** Recorded values in a written test: a larger one is no test that anybody reads. Bytes of v8.serialize. */
  replayTestBytes: 262_144,
  /** Recorded messages that the guard suspects, the last ones first: each costs a sandboxed run. */
  guardMessages: 3,
  /** Sandboxed runs of one search for what of a message's arguments crashes the kernel: one leaf of 16 takes about 10. */
  guardRuns: 24,
  /** Time for that search: after it the message itself is proposed, while the repair has time to prove it. Milliseconds. */
  guardSearchMs: 15_000,
  /** Leaves of a message's arguments that are told apart; of a larger one whole branches are. */
  guardLeaves: 32,
  /** How deep in a message's arguments leaves are looked for. */
  guardDepth: 6,
  /** Longest text that a pattern compares with: a longer one is no pattern that anybody reads. Characters. */
  guardEqualsChars: 200,

  /** What may be configured for an agent from outside: more is a person's work, or a loop. */
  agentAttempts: 20,
  agentMinutes: 240,
  agentTokens: 100_000_000,
  agentArguments: 256,
  /** Files of a kernel's folder that are copied for it, and characters of one. */
  agentFiles: 300,
  agentFileChars: 262_144,
  /** Files that it may leave behind: a program that installs packages is not followed through all of them. */
  agentLeftFiles: 2000,
  /** Characters of one tool's result, of one line of progress, of what is told about one refused candidate. */
  agentResultChars: 20_000,
  agentProgressChars: 200,
  agentVerdictChars: 4000,
  /** Lines of progress in one repair. */
  agentProgressLines: 2000,
  /** Lines found by one search, and longest pattern. A pattern is tried on each line, cut to agentSearchLineChars. */
  agentSearchHits: 100,
  agentSearchChars: 200,
  agentSearchLineChars: 500,
  /** Requests to a model for one candidate: each reads what came before. */
  agentSteps: 40,
  /** Tools called in one answer of a model; further ones are left out of what is done. */
  agentStepCalls: 16,
  /** Answers in a row that cannot be used (no tool, an unknown one, wrong arguments) until it is given up. */
  agentUselessAnswers: 4,
  /** Tokens of one answer. */
  agentAnswerTokens: 16_384,
  /** Bytes of one answer on the wire; each token of a stream takes some 200. */
  agentAnswerBytes: 16_777_216,
  /** Longest that an endpoint may be silent before an answer and within it. Milliseconds. */
  agentSilenceMs: 120_000,
  /** Wait before a request that was refused with 429 or 5xx, or broke off, is sent again; doubled each time. Milliseconds. */
  agentRetryMs: 1000,
  agentRetryMaxMs: 60_000,
  agentRetries: 4,
  /** Characters for one token, where an endpoint tells no usage. */
  agentTokenChars: 4,
  /** Output of a program that is kept for its report. Bytes. */
  agentOutputBytes: 16_384,
  /** Time between SIGTERM and SIGKILL for a program whose time is over. Milliseconds. */
  agentEndMs: 2000,
  /** Longest that an ACP agent may take for a first answer. Milliseconds. */
  agentHandshakeMs: 60_000,

  /** How often host resources are sampled: cpu, memory and disk take 529 ms in the background (LIBRARIES 10). */
  systemSampleMs: 30_000,
  /** Longest that one part of a sample (cpu, memory, disk) is waited for. Milliseconds. */
  systemProbeMs: 10_000,
  /** Longest that a user's notify function is waited for before it is reported as failed. Milliseconds. */
  notifyMs: 10_000,
  /** Alerts that wait for their receiver: two of every kernel of the largest fleet. Each takes up to 10 KB. */
  alertQueue: 1000,
  /** Events of deliveries that a start looks through for ends that were not told: the last ones. */
  alertHistory: 1000,
  /** One attempt to deliver an alert, from connecting to the end of the answer. Milliseconds. */
  alertAttemptMs: 5000,
  /** Pause after a failed attempt, doubled with each and varied by half, so that hosts do not come in step. Milliseconds. */
  alertBackoffMs: 500,
  alertBackoffMaxMs: 30_000,
  /** Failed attempts in a row after which a receiver counts as dead: 4 s of a restart are outlasted. */
  alertBreakAfter: 5,
  /** How often a dead receiver is tried, with one alert. Milliseconds. */
  alertBreakMs: 30_000,
  /** Longest that a runtime which stops waits for alerts that are pending. Milliseconds. */
  alertStopMs: 2000,
  /** How often Alertmanager is told again what fires; it expects 30 s to 3 min. Milliseconds. */
  alertRepeatMs: 60_000,
  /** How long Alertmanager holds what fires without being told again: as long as a dead host may go unnoticed. 24 h. */
  alertHoldMs: 86_400_000,
  /** replay.bin holds exact messages, so it is deleted after this. Milliseconds: 7 days. */
  replayExpiryMs: 604_800_000,

  /** What the story of one incident holds at most: events, failures, attempts, messages, related incidents; newest first. */
  storyEvents: 1000,
  /** Events before its opening among which those that led to it are looked for. */
  storyLeadEvents: 20_000,
  storyFailures: 50,
  storyAttempts: 40,
  storyMessages: 60,
  storyRelated: 20,
  /** Sub-steps of one step of the ladder. */
  storyParts: 30,
  /** Rows of one file's diff, and characters of a row. */
  storyDiffRows: 400,
  storyDiffLineChars: 500,
  /** Characters of one line of a log, of one message's arguments or answer, of one sentence, of a whole text. */
  storyLogChars: 2000,
  storyValueChars: 600,
  storyTextChars: 1000,
  storyDocumentChars: 65_536,
  /** Of each evidence file that is read: its end, where that is what counts, or not at all. Bytes. */
  storyFileBytes: 2_097_152,
  /** Of replay.bin, for the texts that failed: read in one go while nothing else runs, so a larger one is left alone. */
  storyReplayBytes: 16_777_216,
  /** Functions of a profile that are drawn, how deep, and the smallest: share of the whole. */
  flameNodes: 400,
  flameDepth: 120,
  flameShare: 0.002,
  flameHottest: 10,

  /** How long a claim on a task holds, unless it is made anew: whoever died with it holds it no longer. 1 h. Milliseconds. */
  taskClaimMs: 3_600_000,
  /** Name under which a task is claimed, and the sentence that goes with a submission. Characters. */
  taskClaimChars: 64,
  taskWhyChars: 400,
  /** Refused changes that whoever gets a task is told of: the last ones. */
  taskRefusedShown: 5,

  /** Longest that a drill waits for one thing: four starts that hang on a machine that is busy elsewhere. Milliseconds. */
  drillStepMs: 60_000,
  /** A start that a drill has hang is ended after this: four of them are waited for. Milliseconds. */
  drillStartMs: 4000,
  /** Of a fleet that is copied to be drilled, node_modules left out: a larger folder is no kernel's own. */
  drillFiles: 20_000,
  drillBytes: 268_435_456,
  /** Kernels tried one after another where the sandbox does not suit the one before. */
  drillTries: 3,

  /** Of a chart: code and parameters that stand for a name, beyond which a label hides the arrow it is on. Characters. */
  chartNameChars: 48,
  /** A command that takes longer says what it is at. Milliseconds. */
  progressAfterMs: 1000,
  /** Longest that a file whose machine is to be drawn takes to be imported: a build on the fly included. Milliseconds. */
  vizImportMs: 30_000,
  /** On top, before a file that does not even let a timer run is ended with the process. Milliseconds. */
  vizImportGraceMs: 2000,
  /** Largest PNG of a chart: 256 MB while it is drawn. Pixels. */
  chartPngPixels: 67_108_864,

  /** States and transitions of one drawn chart: with 1000 a layout takes ELK some 8 s here, and nobody reads it. */
  chartParts: 1000,
  /** States and transitions up to which every way to lay a chart out is tried while something overlaps; of larger ones a few: each takes ELK some 10 ms a part here, with what it does over. */
  chartPartsTried: 300,
  /** Layouts that are kept: of every machine of the largest fleet that runs some, 30 KB each. */
  chartLayouts: 200,
  /** A thread that lays out charts is ended when it had nothing to do for this long. Milliseconds. */
  chartIdleMs: 10_000,
  /** Heap of that thread: 40 MB were seen for a chart of 100 parts, 150 MB for one of chartParts. Megabytes. */
  chartHeapMb: 512,
  /** Longest that a layout may take before its thread is given up. Milliseconds. */
  chartDeadlineMs: 60_000,

  /** Longest line on the control socket. Bytes. */
  controlLineBytes: 1_048_576,
  controlConnections: 16,
  /** Answers that wait for a client that does not read; past that it is cut off. Bytes; one answer may be longer. */
  controlUnreadBytes: 16_777_216,
  /** Streams (events, lines of logs) of one connection. */
  controlStreams: 8,
  /** Longest that the command line waits for an answer; a host that needs longer stands still. Milliseconds. */
  controlAnswerMs: 10_000,
  /** The same for a command that ends when the kernel has settled: three repairs of 15 minutes, and some. */
  controlCommandMs: 3_600_000,
  /** Texts of a command's parameters as they are journaled; a diff that is handed in is longer. Characters. */
  commandTextChars: 400,

  /** Events that a page is told of what was before it was opened. */
  dashboardHappenings: 200,
  /** Events that come within it reach the dashboard's page together. Milliseconds; a frame of the eye is 16. */
  dashboardFrameMs: 100,
  /** The same after a pause: long enough for what one crash sets off at once. Milliseconds. */
  dashboardSoonMs: 10,
  /** How often what no event tells (cpu, heap, mailboxes, links) is compared, while a page is open. Milliseconds. */
  dashboardSampleMs: 1000,
  /** Events of one frame, and their bytes in all: more are counted, and left out. */
  dashboardFrameEvents: 250,
  dashboardFrameBytes: 262_144,
  /** Streams of events and of logs at once: a browser keeps six connections, and a page needs one or two. */
  dashboardStreams: 8,
  /** What waits for a stream's reader; past it the reader begins anew. Bytes: two full states of the largest fleet. */
  dashboardStreamBytes: 1_048_576,
  /** A reader that has taken nothing for so long is cut off. Milliseconds. */
  dashboardStalledMs: 10_000,
  /** A stream without news says so, for the proxies between. Milliseconds. */
  dashboardKeepAliveMs: 15_000,
  /** Missed events that a page is told after a gap; after a longer one it begins anew. */
  dashboardResumeEvents: 1000,
  /** A request's body. Bytes (FACTS D). */
  dashboardBodyBytes: 65_536,
  dashboardConnections: 64,
  /** Longest that a request's header, and all of a request, may take to arrive (FACTS D). Milliseconds. */
  dashboardHeaderMs: 5000,
  dashboardRequestMs: 10_000,
  /** How often Node looks for those that are late; its own default is 30 s. Milliseconds. */
  dashboardCheckMs: 1000,
  /** Longest that a connection is kept open between two requests. Milliseconds. */
  dashboardIdleMs: 5000,
  /** Ids in a path: an incident's, an actor's session. Characters. */
  dashboardIdChars: 128,

  /** Longest path of a Unix socket: sun_path has 108 bytes on Linux, 104 on macOS. */
  socketPathBytes: 100,
} as const
