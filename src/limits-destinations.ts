/** The bounds of the way out, as a part of limits.ts. */
export const destinationLimits = {
  /** UTF-16 units of one piece of a message that waits for its destination; MongoDB takes some 15 MB. */
  deliveryPartChars: 1024 * 1024,
  /** Settled deliveries of one destination that can be looked at afterwards. */
  deliveriesKeptMax: 1_000,
  /** Changes held against destinations in one commit. */
  destinationPageMax: 100,
  /** UTF-16 units of the messages of one such commit, roughly; one longer message is a commit of its own. */
  destinationPageChars: 8 * 1024 * 1024,
  /** How often a destination's queue is looked at where nothing told of it, and whether the process that sends lives. */
  destinationPollMs: 1_000,
  /** How long the process that sends may be silent before another takes over. */
  destinationLeaseMs: 15_000,
  /** A message on its way may wait so long for its answer when the server stops. */
  destinationGraceMs: 2_000,
  /** A connection to a destination over which nothing goes is closed. */
  destinationIdleMs: 60_000,
  /** Rounds of reading the resources that one outbound message refers to. */
  outReadsMax: 8,
} as const;
