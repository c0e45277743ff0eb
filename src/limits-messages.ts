/** The bounds of work on messages that came; a part of `limits` (limits.ts), by which they are known. */
export const messageLimits = {
  /** What one message is found by; a batch of results repeats its patient. */
  messageFieldsMax: 64,
  /** UTF-16 units of one such value; no identifier is longer, and what is may be a document. */
  messageFieldCharsMax: 100,
  /** Positions that a feed file adds to those. */
  feedIndexMax: 16,
  /** Rows on one page of a message search. */
  messagePageMax: 200,
  /** Failed and parked messages that are looked at to group them by reason. */
  deadLettersMax: 5_000,
  /** Messages that are read through for codes that no table is asked for; some 2 s, in breaths. */
  codeMessagesMax: 5_000,
  /** What people did with one message, that is kept; the oldest is forgotten first. */
  messageNotesMax: 50,
  /** UTF-16 units of a reason that a person gives. */
  reasonCharsMax: 500,
  /** Messages that a run (retry of many, replay) reads at once. */
  runPageMax: 50,
  /** Messages of a run under way at once; each waits for its person's turn as any other. */
  runParallelMax: 8,
  /** Runs at once in one process. */
  runsMax: 2,
  /** Runs whose result is kept. */
  runsKeptMax: 100,
  /** How often a run says how far it is; one that is silent ten times as long was ended with its process. */
  runBeatMs: 2_000,
  /** Messages with a difference that a shadow run shows; all are counted. */
  runSamplesMax: 100,
  /** Elements of one resource that such a difference shows. */
  runDifferencesMax: 50,
  /** Messages removed in one step by retention; keeps the writer under some 20 ms. */
  retentionBatchMax: 100,
  /** Rest between two steps: retention takes what others leave. */
  retentionPauseMs: 50,
  /** How often retention looks for what is to go. */
  retentionEveryMs: 60 * 60_000,
  /** Messages that go into the index of their fields at once; some 10 ms. */
  journalIndexBatch: 256,
  /** The writer does that when nobody wrote for so long. */
  journalIndexIdleMs: 20,
  /** Messages that wait for it; past it the writer does it between commits. A search reads each of them. */
  journalUnindexedMax: 8_192,
  /** Index rows counted to find where a long search of messages begins, off the hot path. */
  journalProbeRows: 100_000,
} as const;
