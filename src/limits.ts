/**
 * Every bound of Weir: name with its unit last, value, and why. Past a bound there is a clear error or
 * back-pressure, never memory.
 */
export const limits = {
  /** One MLLP frame. A scanned PDF in ORU/MDM is some 10 MB in base64. */
  frameBytesMax: 32 * 1024 * 1024,
  /** A frame must be complete this long after its start block. */
  frameTimeoutMs: 60_000,
  /** A silent MLLP connection is closed; senders reconnect. */
  mllpIdleTimeoutMs: 30 * 60_000,
  /** Open MLLP connections; more are closed at once. */
  mllpConnectionsMax: 1_000,
  /** Frames read from one connection and not yet answered; then the socket is paused. */
  mllpUnansweredMax: 64,
  /** Segments in one message. */
  segmentsMax: 20_000,
  /** One REST body; Synthea's transaction Bundles reach 3 MB. */
  restBodyBytesMax: 64 * 1024 * 1024,
  /** Depth of a JSON body. */
  jsonDepthMax: 64,
  /** Entries of a batch or transaction Bundle. */
  bundleEntriesMax: 10_000,
  /** Resources on one search page. */
  searchPageMax: 1_000,
  searchPageDefault: 20,
  /** Values of one search parameter, joined by comma. */
  searchValuesMax: 1_000,
  /** Nodes of one search tree. */
  searchNodesMax: 2_000,
  /** Resources in one $crm-record section. */
  recordSectionMax: 500,
  /** Rows of one `states` call. */
  statePageMax: 10_000,
  /** Requests that one commit group takes; keeps a group under some 10 ms. */
  commitGroupMax: 256,
  /** Commits waiting for the writer; then callers get `transient`. */
  commitQueueMax: 10_000,
  /** Outbox rows taken in one round. */
  outboxBatchMax: 64,
  /** Jobs leased in one tick. */
  jobBatchMax: 64,
  /** How long a worker may hold a job. */
  jobLeaseMs: 60_000,
  /** A mapping file. */
  mapFileBytesMax: 1024 * 1024,
} as const;
