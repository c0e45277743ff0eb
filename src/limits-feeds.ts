/** The bounds of ways in (MLLP, folders), of feeds in trouble and of conformance checks; a part of `limits` (limits.ts), by which they are known. */
export const feedLimits = {
  /** A silent MLLP connection is closed; senders reconnect. */
  mllpIdleTimeoutMs: 30 * 60_000,
  /** Open MLLP connections; more are closed at once. */
  mllpConnectionsMax: 1_000,
  /** Frames read from one connection and not yet answered; then the socket is paused. */
  mllpUnansweredMax: 64,
  /** Bytes between frames that belong to none; then it is no MLLP peer and the connection is closed. */
  mllpJunkBytesMax: 64 * 1024,
  /** A frame without CR on either side of its end block is taken as ended after this silence. */
  mllpSettleMs: 250,
  /** A stopping server waits this long for the messages in flight; a faulty peer may read its answer. */
  mllpCloseTimeoutMs: 10_000,
  /** Bytes of unfinished and unanswered frames over all connections; past it none begins another, and who is within one is refused. */
  mllpHeldBytesMax: 256 * 1024 * 1024,
  /** Rest after a passing fault before an accepted message is tried again; it doubles with each try. */
  retryDelayMs: 10_000,
  /** The longest such rest. */
  retryDelayMaxMs: 10 * 60_000,
  /** Numbers of people that a process knows to be of one person, for the order of messages; twice as many at most, some 10 MB. */
  kinMax: 30_000,
  /** Resources whose references one commit turns to another person or visit, as a merge wants it; the rest follows in more of them. */
  repointBatchMax: 500,
  /** A merge waits so long for rules to handle what was before it, to turn what they make; they take seconds, or are not run at all. */
  repointWatchMs: 24 * 60 * 60_000,
  /** Tries of an accepted message that passing faults keep failing, some two days; then it is parked. */
  retryAttemptsMax: 300,
  /** Times a message is planned anew that loses to others where many meet in one place, and the longest pause before one. */
  contestedAttemptsMax: 40,
  contestedPauseMs: 80,
  /** Journal rows read at once. */
  backlogPageMax: 32,
  /** Messages that nobody waits for and that are processed side by side. */
  backlogUnderWayMax: 32,
  /** They are done in steps of so long, of which one takes some 8, */
  backlogStepMs: 1,
  /** and while others wait for their answers each comes after a rest of so many times as long as the one before: a tenth of the thread. */
  backlogRestOfStep: 10,
  /** It lasts no longer, however long a step was. */
  backlogRestMsMax: 100,
  /** Nobody has waited for an answer for so long: a sender that sends one after another is quicker. */
  backlogQuietMs: 1,
  /** Messages that were answered for and not begun, as a process knows them by itself, some 6 MB; more are looked for in the journal. */
  keptRowsMax: 20_000,
  /** Older messages that a new one puts in line before itself; where more wait it lets them come to so few, by themselves, */
  backlogLinedUpMax: 500,
  /** looks again so often, */
  backlogLookMs: 100,
  /** and no more than so many times, a minute: those of a stopped feed stay. */
  backlogLooksMax: 600,
  /** How often a drop folder is looked at. */
  dropPollMs: 1_000,
  /** A file of a drop folder that did not change for so long is taken to be whole. */
  dropSettleMs: 2_000,
  /** A file that another process took, and showed no sign of life of for so long, is taken over. */
  dropTakeoverMs: 60_000,
  /** How often that is given. */
  dropBeatMs: 10_000,
  /** One file of a drop folder; it is read message by message. */
  dropFileBytesMax: 2 * 1024 * 1024 * 1024,
  /** Files of a drop folder looked at in one round; the others wait. */
  dropFilesMax: 1_000,
  /** Faults that a check of one message names. */
  conformanceFaultsMax: 500,
  /** Fields of a segment, and components of a type, that HL7's definitions are looked through for. */
  conformanceFieldsMax: 150,
  /** Messages that are checked in one request. */
  conformanceMessagesMax: 1_000,
  /** How often feeds are looked at for alarms. */
  alarmTickMs: 60_000,
  /** Looks in a row in which an alarm must not hold before it is over. */
  alarmCalmTicks: 3,
  /** Journal rows that one look at a feed reads. */
  alarmRowsMax: 2_000,
} as const;
