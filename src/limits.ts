import { destinationLimits } from './limits-destinations.ts';
import { feedLimits } from './limits-feeds.ts';
import { importLimits } from './limits-imports.ts';
import { messageLimits } from './limits-messages.ts';
import { ruleLimits } from './limits-rules.ts';

/**
 * Every bound of Weir: name with its unit last, value, and why. Past a bound there is a clear error or
 * back-pressure, never memory.
 */
export const limits = {
  ...feedLimits,
  ...messageLimits,
  /** One MLLP frame. A scanned PDF in ORU/MDM is some 10 MB in base64. */
  frameBytesMax: 32 * 1024 * 1024,
  /** A frame must be complete this long after its start block. */
  frameTimeoutMs: 60_000,
  /** Messages of one batch; its answer has one for each and is written at once. */
  batchMessagesMax: 10_000,
  /** Messages that continue each other by DSC; together they are no longer than one frame may be. */
  fragmentsMax: 1_000,
  /** What was not continued this long after it began is parked. */
  fragmentWaitMs: 10 * 60_000,
  /** How often that, and what a passing fault left unprocessed, is looked for. */
  sweepMs: 15_000,
  /** After a start, before the memory that it needed is given back. */
  giveBackAfterMs: 2_000,
  /** ERR segments in one answer; what is beyond is with the stored message. */
  ackIssuesMax: 20,
  /** Messages taken and not yet settled, over all feeds; then senders get `transient` and send again. */
  messagesWaitingMax: 5_000,
  /** Times a commit is planned anew because something it had read changed meanwhile. */
  commitAttemptsMax: 10,
  /** Patches that wait for their turn, over all resources; then callers get `transient`. */
  amendmentsWaitingMax: 5_000,
  /** Rows of each list that the journal keeps of one message's run. */
  reportRowsMax: 200,
  /** Segments in one message. */
  segmentsMax: 20_000,
  /** Repetitions in one message, over all fields: each may become an element; some second of work. */
  repetitionsMax: 20_000,
  /** HTTP connections; more are closed at once. */
  httpConnectionsMax: 10_000,
  /** Requests sent on one connection before the first of them is answered; all of their answers may wait in memory. */
  httpPipelinedMax: 64,
  /** What is refused before it was read is answered, and its connection is closed for good after this. */
  httpLingerMs: 1_000,
  /** The head of an HTTP request must be there by then. */
  httpHeadTimeoutMs: 30_000,
  /** The whole of it: 64 MiB in this time are 220 KB/s. */
  httpRequestTimeoutMs: 300_000,
  /** A client that takes nothing of its answer for so long is cut off. */
  httpStallTimeoutMs: 120_000,
  /** All of an answer must be taken by then: 64 MiB are 75 KB/s. */
  httpAnswerTimeoutMs: 15 * 60_000,
  httpCheckMs: 10_000,
  /** One REST body; Synthea's transaction Bundles reach 3 MB. */
  restBodyBytesMax: 64 * 1024 * 1024,
  /** Depth of a JSON body. */
  jsonDepthMax: 64,
  /** Words and marks of a GraphQL query. */
  graphqlTokensMax: 5_000,
  /** Brackets within brackets of a GraphQL query, of whichever kind; whoever reads it goes down as deep. */
  graphqlNestingMax: 100,
  /** Fields within fields of a GraphQL query. */
  graphqlDepthMax: 20,
  /** Reads and searches that one GraphQL query makes. */
  graphqlCallsMax: 1_000,
  /** Resources that those bring. */
  graphqlResourcesMax: 10_000,
  /** Fields looked at for one GraphQL query, over all objects. */
  graphqlFieldsMax: 200_000,
  /** Fields of a GraphQL query for the schema; what tools send has some hundred. */
  graphqlSchemaFieldsMax: 200,
  /** Answers about the schema that are kept, some MB each. */
  graphqlSchemaAnswersMax: 4,
  /** Depth of an XML body; each level of elements makes one or two of JSON. */
  xmlDepthMax: 64,
  /** Elements of an XML body: some 300 ms of reading per 100,000. A patient's life in a Bundle has some 50,000. */
  xmlElementsMax: 500_000,
  /** UTF-16 units of an XML body: some 100 ms of reading per million. */
  xmlBodyCharsMax: 16 * 1024 * 1024,
  /** Answers shorter than this are not compressed: a packet holds them. */
  compressBytesMin: 1024,
  /** Attributes of one element of an XML body; FHIR has two, XHTML and namespaces a few. */
  xmlAttributesMax: 64,
  /** UTF-16 units of a FHIRPath that a client gives. */
  fhirPathCharsMax: 2_000,
  /** Values, objects and lists of one resource: 100,000 take some 0.4 to 1 s to validate; a large code system has 300,000. */
  resourceValuesMax: 400_000,
  /** Elements of a profile or concepts of a code system whose ids R4 wants compared each with each: some 0.1 s. */
  comparedMax: 5_000,
  /** Steps, and values that they come to, of all constraints that profiles put to one resource; some 0.5 s. */
  fhirPathStepsMax: 2_000_000,
  /** Values that one step may come to: some functions compare each with each. */
  fhirPathValuesMax: 5_000,
  /** FHIRPath expressions of rules that are kept parsed. */
  fhirPathCacheMax: 5_000,
  /** Profiles of types within profiles. */
  profileDepthMax: 16,
  /** Issues that one profile tells of one resource. */
  profileIssuesMax: 200,
  /** Profiles that one validation takes in. */
  profilesMax: 200,
  /** How long a process goes by profiles and value sets that another may have changed. */
  profileCacheMs: 5_000,
  /** Codes held against value sets whose answer is kept. */
  boundCodesMax: 50_000,
  /** UTF-16 units of what such answers, and loaded profiles, are kept by; longer ones are worked out each time. */
  profileKeyCharsMax: 2_000,
  /** Entries of a batch or transaction Bundle. */
  bundleEntriesMax: 10_000,
  /** How long a batch or transaction may take: 10,000 entries take some 20 s. In the background it may take longer. */
  bundleTimeoutMs: 120_000,
  /** UTF-16 units of the answer to one batch or transaction; what is past it is not performed. */
  bundleAnswerChars: 64 * 1024 * 1024,
  /** Resources on one search page. */
  searchPageMax: 1_000,
  searchPageDefault: 20,
  /** Values of one search parameter, joined by comma. */
  searchValuesMax: 1_000,
  /** UTF-16 units of a string that are indexed and compared; longer ones are cut, in index and search alike. */
  searchStringCharsMax: 256,
  /** Different words of one narrative by which it is found. */
  textWordsMax: 1_000,
  /** UTF-16 units of a word of a narrative. */
  textWordCharsMax: 64,
  /** Different words of one resource by which it is found by `_content`. */
  contentWordsMax: 20_000,
  /** UTF-16 units of a value without white space that is still taken for a text, and not for a picture in base64. */
  unbrokenTextCharsMax: 2_000,
  /** Rest before words of newer versions go into the index of `_content` on SQLite, and how many at once: some 10 ms. */
  contentIndexPauseMs: 50,
  contentIndexIdleMax: 100,
  /** The same while others write and after a start: some 20 ms of every 2 s. */
  contentIndexBusyPauseMs: 2_000,
  contentIndexBusyMax: 200,
  /** Links of one chained parameter or nested `_has`; each is a search within the search. */
  searchChainMax: 8,
  /** Entries of one composite parameter of one resource: its components' values multiply. */
  compositeEntriesMax: 1_000,
  /** A unit code that is read as UCUM; real ones have some 20 characters. */
  ucumCodeCharsMax: 100,
  /** Unit codes whose canonical form is kept. */
  ucumCacheMax: 10_000,
  /** UTF-16 units of one `_filter`, `_text` or `_content`. */
  searchFilterCharsMax: 16_000,
  /** Nesting of a `_filter`: parentheses, brackets, and turns from `and` to `or`. */
  searchFilterDepthMax: 24,
  /** Keys of one `_sort`; each is a column of the ordering. */
  searchSortKeysMax: 8,
  /** Nodes of one search tree. */
  searchNodesMax: 2_000,
  /** Resources that are looked into for one page of a search with _contained, and for its count. */
  containedLookedAtMax: 10_000,
  /** Types of one search with _contained. */
  containedTypesMax: 10,
  /** Resources that _include and _revinclude add to one page. */
  searchIncludesMax: 1_000,
  /** Parameters of one request, in the address or a form. */
  queryParamsMax: 1_000,
  /** A page link; it must fit into the head of a request (16 KiB in Node). */
  pageLinkCharsMax: 12_000,
  /** Entries of a batch worked on at once, so that one caller does not fill the writer's queue. */
  batchParallelMax: 16,
  /** Codes that one $expand answers. */
  expansionCodesMax: 10_000,
  /** Codes looked at to expand a value set or to find a code in it; some 100 ms. */
  expansionWorkMax: 500_000,
  /** Value sets that include each other. */
  valueSetDepthMax: 32,
  /** Terminology resources that one operation takes in. */
  terminologyResourcesMax: 500,
  /** Stored resources of one canonical URL among which the right one is chosen. */
  conformanceVersionsMax: 20,
  /** Concept maps that one $translate without a map looks through. */
  conceptMapsMax: 200,
  /** UTF-16 units of stored code systems, value sets, maps and profiles that are kept parsed. */
  conformanceCacheChars: 32 * 1024 * 1024,
  /** UTF-16 units of a regular expression in a value set. */
  patternCharsMax: 256,
  /** States that it may need; time is states times characters. */
  patternStatesMax: 500,
  /** Steps of one regular expression on all codes; some 0.5 s. */
  patternWorkMax: 20_000_000,
  /** UTF-16 units of a text that is held against one. */
  patternTextCharsMax: 256,
  /** Resources on one page of $everything; more have a next link. */
  everythingMax: 10_000,
  /** Observations that one $lastn looks through; some 200 ms. */
  lastnMax: 20_000,
  /** Resources that $meta of a type or of the system looks through. */
  metaResourcesMax: 50_000,
  /** Resources in one $crm-record section. */
  recordSectionMax: 500,
  /** Resources of one `readMany` call. */
  readManyMax: 1_000,
  /** Messages of one feed that have one control id; more than a few are a sender that does not count. */
  journalFindMax: 100,
  /** Rows of one `states` call. */
  statePageMax: 10_000,
  /** Requests that one commit group takes; keeps a group under some 10 ms. */
  commitGroupMax: 256,
  /** Commits waiting for the writer; then callers get `transient`. */
  commitQueueMax: 10_000,
  /** Write-ahead log size at which the store copies it into the data file, off the hot path. */
  walCheckpointBytes: 128 * 1024 * 1024,
  /** Time without a commit after which that log is emptied, so that a start has nothing to read. */
  walIdleMs: 30_000,
  /** Write-ahead log size at which writers wait for that copy; bounds disk use and recovery time. */
  walBlockingBytes: 512 * 1024 * 1024,
  /** Page cache of each connection that reads. A commit of another connection empties it, so it fills while nobody writes. */
  readerCacheBytes: 32 * 1024 * 1024,
  /** Page cache of the connection that writes, which is always full; what is beyond comes from the system's, in some us a page. */
  writerCacheBytes: 16 * 1024 * 1024,
  /** Heap of the thread that writes, in MiB: some of the largest commits at once. Past it that thread ends, not the server. */
  writerHeapMiB: 1024,
  /** Resources whose index rows a check compares where it is not told to take all. */
  checkSampleMax: 1_000,
  /** Faults that a check names. */
  checkFaultsMax: 100,
  /** Threads for reads that take long; each costs some 10 MB while it runs. */
  readerThreadsMax: 2,
  /** A reader thread that nobody has asked anything for this long ends. */
  readerIdleMs: 60_000,
  /** A long read is given up after this time: while it lasts the write-ahead log cannot be emptied. */
  scanTimeoutMs: 15_000,
  /** What the thread takes longer, because it starts or counts much in one step, before it is given up itself. */
  scanGraceMs: 10_000,
  /** Long reads waiting for a thread; then callers get `transient`. */
  scansWaitingMax: 64,
  /** Prepared statements kept; search makes one per shape of query. */
  statementCacheMax: 512,
  /** Texts whose dictionary ids are kept in memory, per dictionary. */
  dictionaryCacheMax: 50_000,
  /** Versions written since a sorted page walk began, each looked at per page; past it it must begin anew. */
  searchDriftMax: 50_000,
  /** Bodies and frames of one batch of a copy between stores; one longer record is a batch of its own. */
  copyBatchBytes: 4 * 1024 * 1024,
  /** Records of one batch of a copy: a transaction. */
  copyBatchRecords: 1_000,
  /** Records read at once when both sides of a copy are compared. */
  copyProofRecords: 200,
  /** Counts of matches kept by a connection to SQLite; some kilobytes each. */
  knownTotalsMax: 512,
  /** First pages of searches kept by a connection to SQLite, and how long they may be: a place is some tens of bytes. */
  knownPagesMax: 512,
  knownPagePlacesMax: 101,
  /** Values that the copies of one JSON Patch may hold in all. */
  patchCopiedMax: 100_000,
  /** Nesting of a search tree. */
  searchDepthMax: 64,
  /** Index rows counted to find the condition that a search starts from. */
  searchProbeRows: 1_000,
  /** Resources that the inner condition of a chain, `_has` or `near` may come to on MongoDB; some 6 MB of a query. */
  searchResolvedMax: 100_000,
  /** UTF-16 units of an index key or claim kept as they are on MongoDB; longer ones are hashed. */
  indexKeyCharsMax: 256,
  /** Bytes of a document that Weir writes; MongoDB takes 16 MiB, and there is more in it than what is counted. */
  mongoDocumentBytes: 15 * 1024 * 1024,
  /** Bytes of a body or frame that stay in one document; longer ones are cut into pieces of this size. */
  mongoPartBytes: 4 * 1024 * 1024,
  /** Bytes that the requests of one transaction write, roughly; the server holds them in its cache. */
  mongoGroupBytesMax: 16 * 1024 * 1024,
  /** Documents that MongoDB gives in one answer. */
  mongoBatchMax: 1_000,
  /** Connections of one process: its one transaction, and searches at the same time. */
  mongoConnectionsMax: 32,
  /** A server is looked for this long; elections take some 10 s. */
  mongoSelectionTimeoutMs: 15_000,
  /** A connection on which a command is answered with silence is given up. */
  mongoSocketTimeoutMs: 30_000,
  /** The server ends a search that takes longer; before the connection is given up. */
  mongoSearchTimeoutMs: 25_000,
  /** The database must answer a health check within this. */
  mongoCheckTimeoutMs: 3_000,
  /** A commit is tried again this long, then it is `transient`; longer than an election takes. */
  mongoCommitTimeoutMs: 45_000,
  /** A process that writes shows this often that it lives. */
  mongoBeatMs: 1_000,
  /** Waiting for others this long, twice, without anybody getting on: whoever was silent meanwhile is dead. */
  mongoStuckMs: 2_500,
  /** The longest pause before a transaction that met another is tried again: a few times what one takes. */
  mongoBackoffMaxMs: 32,
  /** How often commits of other processes are looked for where there are no change streams. */
  mongoPollMs: 250,
  /** The same beside a change stream, which tells of them at once: what it may have missed. */
  mongoStreamCheckMs: 5_000,
  /** Audit events of reads written at once, before their delay is over. */
  auditBatchMax: 1_000,
  /** Audit events of reads that wait to be written: past it, reads wait too; of still more the newest are lost, and logged. */
  auditWaitingMax: 10_000,
  /** Tokens whose signature is not checked again; some half a kilobyte each. */
  knownTokensMax: 10_000,
  /** Resources given their index entries anew in one commit; keeps it under some 50 ms. */
  reindexBatchMax: 100,
  /** Rest between two of those commits: reindexing takes what others leave. */
  reindexPauseMs: 10,
  /** How long a process that reindexes may be silent before another takes over. */
  reindexLeaseMs: 10_000,
  /** How often a process looks how far another is with reindexing. */
  reindexPollMs: 1_000,
  /** Rest before reindexing is tried again after a fault. */
  reindexRetryMs: 5_000,
  /** A file of profiles/. */
  profileFileBytesMax: 1024 * 1024,
  /** A mapping file. */
  mapFileBytesMax: 1024 * 1024,
  /** Merged records that are followed to find the surviving one. */
  mergeChainMax: 5,
  /** Subscriptions that are not off; each change is held against those of its type. */
  subscriptionsMax: 1_000,
  /** UTF-16 units of criteria, filters and addresses of a Subscription. */
  subscriptionTextChars: 4_000,
  /** Headers that a Subscription sends along, and UTF-16 units of each. */
  subscriptionHeadersMax: 16,
  subscriptionHeaderChars: 4_000,
  /** Changes held against subscriptions in one round. */
  subscriptionPageMax: 500,
  /** Events of one subscription that wait for its receiver; past it the subscription counts as failed. */
  subscriptionBacklogMax: 10_000,
  /** Events in one notification Bundle. */
  subscriptionBatchMax: 20,
  /** Events that `$events` can look back. */
  subscriptionRecentMax: 200,
  /** A receiver must answer within this. */
  subscriptionTimeoutMs: 10_000,
  /** A call under way may take so long when its subscription is changed, or the server stops. */
  subscriptionGraceMs: 1_000,
  /** Notifications under way at once, over all subscriptions. */
  subscriptionParallelMax: 32,
  /** How long the process that serves subscriptions may be silent before another takes over. */
  subscriptionLeaseMs: 15_000,
  /** How often changes are looked for where nothing told of them, and whether that process still lives. */
  subscriptionPollMs: 1_000,
  /** WebSockets and event streams that are open at once. */
  listenersMax: 1_000,
  /** Subscriptions that one WebSocket is bound to. */
  listenerBindingsMax: 100,
  /** How often new events are looked for, for those who listen. */
  listenerPollMs: 250,
  /** A WebSocket that is bound to nothing by then is closed. */
  listenerBindMs: 15_000,
  /** Bytes of one message that a WebSocket takes: a binding token is some hundreds. */
  listenerMessageBytes: 16 * 1024,
  /** Bytes that wait for a listener that does not read; past it it is cut off. */
  listenerWaitingBytes: 4 * 1024 * 1024,
  /** A silent listener is asked this often whether it is still there. */
  listenerPingMs: 30_000,
  /** How long a binding token is good. */
  bindingTokenMs: 5 * 60_000,
  /** Exports, imports and asynchronous requests that run or wait, over all callers; then callers get `throttled`. */
  backgroundWaitingMax: 32,
  /** The same with those whose results are kept; a result lasts backgroundKeptMs. */
  backgroundKeptMax: 1_000,
  /** The same for one caller, so that nobody shuts the others out. */
  backgroundOwnMax: 100,
  /** Of those that wait, how many one process works on at once. */
  backgroundParallelMax: 2,
  /** How long a result can be had. */
  backgroundKeptMs: 24 * 60 * 60_000,
  /** How long a process that works on one may be silent before another takes over. */
  backgroundLeaseMs: 30_000,
  /** How often a process looks for what another has left. */
  backgroundPollMs: 2_000,
  /** Times that a fault of ours is met by another try before the work counts as failed. */
  backgroundAttemptsMax: 5,
  /** UTF-16 units of one piece of a body or result that is kept in the store's state; MongoDB takes some 15 MB. */
  backgroundPartChars: 1024 * 1024,
  /** Pieces of one result; past it an asynchronous request has to ask for less. */
  backgroundPartsMax: 64,
  /** Changes read at once by an export, in its count and in each file: some 20 ms in which nobody else is served. */
  exportPageMax: 100,
  /** Resources in one file of an export; a file is what a client fetches again where it broke off. */
  exportFileResources: 50_000,
  /** Patients named in one `$export`; more are a Group. */
  exportPatientsMax: 10_000,
  ...importLimits,
  ...destinationLimits,
  ...ruleLimits,
} as const;
