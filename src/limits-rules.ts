/** The bounds of rules, of what they plan, and of their share of the thread; a part of `limits` (limits.ts), by which they are known. */
export const ruleLimits = {
  /** A turn of rules and subscriptions at the thread while nobody else wants it: whoever comes waits no longer. */
  shareMsMin: 2,
  /** The longest such turn, after others had the thread for long; where messages keep it busy, a turn of theirs takes some 20 to 60 ms. */
  shareMsMax: 100,
  /** What such a turn has of the time that others took before it: a quarter of the thread, so that no alert waits for a queue of messages to end. */
  shareOfOthers: 1 / 3,
  /** The same while events are late: half of the thread, which is more than rules need for what messages bring meanwhile. */
  shareOfOthersLate: 1,
  /** The longest turn then: others had the thread for as long at a stretch, as on a machine that does not keep up. */
  shareMsMaxLate: 1_000,
  /** An event that waits longer for the rules is late. */
  eventLateMs: 10_000,
  /** Outbox rows taken at once; some 2 ms. */
  outboxBatchMax: 256,
  /** Commits under way at once that mark such rows: the next are handled meanwhile. */
  marksParallelMax: 16,
  /** Due jobs wait so long for events of before, which may take them back; the rest of a backlog they do not wait for. */
  eventsBeforeJobsMs: 5_000,
  /** Resources that are kept read for the events of one commit. */
  worldResourcesMax: 1_000,
  /** Events under way at once, of different people: each waits some turns of the loop for its commit. */
  eventsParallelMax: 32,
  /** Jobs leased in one tick. */
  jobBatchMax: 64,
  /** Jobs under way at once, of different patients: gateways take a few connections from one sender. */
  jobsParallelMax: 8,
  /** How long a worker may hold a job. */
  jobLeaseMs: 60_000,
  /** Resources that one `related` set of a rule takes in by search. */
  relatedMax: 500,
  /** Length of one message to a person's phone: two GSM segments. */
  messageTextMax: 320,
  /** Plans about one resource that a revocation takes back. */
  plansPerFocusMax: 1_000,
} as const;
