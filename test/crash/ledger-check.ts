/** Holds a ledger against what a store has in the end. */
import { finishAll } from '../../src/feed/effect/repoint-run.ts';
import { verifyChain } from '../../src/store/audit-chain.ts';
import { personClaimKey } from '../../src/record/identity.ts';
import type { ChangeEvent, JournalEntry, Store, StoredVersion } from '../../src/store/store.ts';
import { everyChange, finalState, type FinalState } from '../e2e/final-state.ts';
import { runApp, type RunningApp } from '../e2e/running-app.ts';
import type { LedgerLine, Planned } from './ledger.ts';
import type { PlannedStream } from './ledger-traffic.ts';

/** What is not as it has to be, in sentences; all empty where nothing was lost or doubled. */
export interface Findings {
  /** Answered for good, and not in the journal in its right state. */
  readonly lost: readonly string[];
  /** In the journal twice, a version without a message of its own, or another answer to the same bytes. */
  readonly doubled: readonly string[];
  /** Resources of a message that was refused, or some of those that it should have written. */
  readonly half: readonly string[];
  /** Written in another order than sent. */
  readonly disordered: readonly string[];
  /** Resources that no Provenance names, control ids used again that nobody flagged, a broken audit chain. */
  readonly unexplained: readonly string[];
  /** Where the end is not that of one sender after another. */
  readonly differs: readonly string[];
}

export interface Reconciled {
  readonly findings: Findings;
  readonly messages: number;
  readonly sent: number;
  readonly unanswered: number;
}

export async function reconcile(
  store: Store,
  given: {
    readonly streams: readonly PlannedStream[];
    readonly lines: readonly LedgerLine[];
    readonly since: Date;
    /** Whether an answer says that a message is safe, and nothing of its content. */
    readonly journaled?: boolean;
  },
): Promise<Reconciled> {
  const { streams, lines, since, journaled = false } = given;
  const messages = streams.flatMap(({ first, then }) => [...first, ...then]);
  const rows = new Map<string, readonly JournalEntry[]>();
  for (const { controlId } of messages) {
    if (!rows.has(controlId)) rows.set(controlId, await store.journal.find('default', controlId));
  }
  const versions = await everyVersion(store);
  const all = [...rows.values()].flat();
  const written = writtenBy(all);
  return {
    messages: messages.length,
    sent: lines.filter(({ event }) => event === 'sent').length,
    unanswered: lines.filter(({ event }) => event === 'unanswered').length,
    findings: {
      lost: messages.flatMap((message) =>
        lostOf(message, { answers: answersTo(message, lines), rows, journaled }),
      ),
      doubled: [
        ...messages.flatMap((message) => doubledOf(message, answersTo(message, lines), rows)),
        ...(await tooMany(store, messages)),
        ...versions.flatMap((version) => doubledVersion(version, written)),
      ],
      half: [...refusedAndWritten(all, versions), ...missing(written, versions)],
      disordered: streams.flatMap((stream) => disorderOf(stream, versions)),
      unexplained: [
        ...unnamed(all, versions),
        ...messages.flatMap((message) => unflagged(message, rows)),
        ...(await brokenChain(store)),
      ],
      differs: await differences(store, streams, { since, journaled }),
    },
  };
}

type Answered = Extract<LedgerLine, { event: 'answered' }>;
type Rows = ReadonlyMap<string, readonly JournalEntry[]>;

const byHash = new WeakMap<readonly LedgerLine[], Map<string, Answered[]>>();

function answersTo({ hash }: Planned, lines: readonly LedgerLine[]): readonly Answered[] {
  let known = byHash.get(lines);
  if (!known) {
    const answered = lines.filter((line) => line.event === 'answered');
    byHash.set(lines, (known = Map.groupBy(answered, (line) => line.hash)));
  }
  return known.get(hash) ?? [];
}

function rowsOf({ controlId, hash }: Planned, rows: Rows): readonly JournalEntry[] {
  return (rows.get(controlId) ?? []).filter((row) => row.hash === hash);
}

function lostOf(
  message: Planned,
  given: {
    readonly answers: readonly Answered[];
    readonly rows: Rows;
    readonly journaled: boolean;
  },
): string[] {
  const { answers, rows, journaled } = given;
  const [row] = rowsOf(message, rows);
  const state = row?.state ?? 'nowhere';
  const isPositive = answers.some(({ code }) => code === 'AA' || code === 'CA');
  const wanted = message.expects === 'taken' ? 'processed' : 'failed';
  if (message.expects === 'taken' && !isPositive) return [`${message.controlId} was never taken`];
  if (message.expects === 'refused' && isPositive && !journaled)
    return [`${message.controlId} was taken`];
  return state === wanted ? [] : [`${message.controlId} is ${state}, not ${wanted}`];
}

function doubledOf(message: Planned, answers: readonly Answered[], rows: Rows): string[] {
  const count = rowsOf(message, rows).length;
  const positive = answers.filter(({ code }) => code === 'AA');
  return [
    ...(count > 1 ? [`${message.controlId} has ${String(count)} rows`] : []),
    ...(new Set(positive.map(({ ack }) => ack)).size > 1
      ? [`${message.controlId} got different answers`]
      : []),
  ];
}

/** Rows of messages that nobody has sent. */
async function tooMany(store: Store, messages: readonly Planned[]): Promise<string[]> {
  const counts = await store.journal.counts();
  const rows = counts.reduce((sum, { count }) => sum + count, 0);
  const distinct = new Set(messages.map(({ controlId, hash }) => `${controlId} ${hash}`)).size;
  return rows > distinct ? [`The journal has ${String(rows)} rows of ${String(distinct)}`] : [];
}

/** By version as `Type/id/_history/v`, the rows that say that they wrote it. */
function writtenBy(rows: readonly JournalEntry[]): ReadonlyMap<string, readonly string[]> {
  const pairs = rows.flatMap(({ id, written = [] }) => written.map((one) => ({ one, id })));
  const grouped = Map.groupBy(pairs, ({ one }) => one);
  return new Map([...grouped].map(([one, by]) => [one, by.map(({ id }) => id)]));
}

type Version = Pick<StoredVersion, 'type' | 'id' | 'versionId' | 'body'> & { readonly at: number };

/** Of every type that messages make, in the order of writing. */
async function everyVersion(store: Store): Promise<readonly Version[]> {
  const found: Version[] = [];
  for (const { type, id, versionId, position } of await everyChange(store)) {
    const version = await store.readVersion(type, id, versionId);
    if (version) found.push({ type, id, versionId, body: version.body, at: position });
  }
  return found;
}

const nameOf = ({ type, id, versionId }: Pick<ChangeEvent, 'type' | 'id' | 'versionId'>): string =>
  `${type}/${id}/_history/${versionId}`;

/** The control id in `meta.source`; undefined where no message made it. */
function messageOf({ body }: Version): string | undefined {
  const found = /"source":"urn:weir:feed:[^"#]*#([^"]*)"/.exec(body)?.[1];
  return found === undefined ? undefined : decodeURIComponent(found);
}

function doubledVersion(version: Version, written: ReadonlyMap<string, readonly string[]>) {
  if (messageOf(version) === undefined || version.type === 'Provenance') return [];
  const by = written.get(nameOf(version)) ?? [];
  return by.length === 1 ? [] : [`${nameOf(version)} is of ${String(by.length)} messages`];
}

/** Of messages that were not taken nothing may be there. */
function refusedAndWritten(rows: readonly JournalEntry[], versions: readonly Version[]): string[] {
  const taken = new Set(
    rows.filter(({ state }) => state === 'processed').map(({ controlId }) => controlId),
  );
  const sources = new Set(versions.flatMap((version) => messageOf(version) ?? []));
  return [
    ...rows.filter(({ state, written = [] }) => state !== 'processed' && written.length > 0),
    ...rows.filter(({ controlId }) => !taken.has(controlId) && sources.has(controlId)),
  ].map(({ controlId }) => `${controlId} was not taken, and something of it is there`);
}

/** What a row says that it wrote and that is not there. */
function missing(
  written: ReadonlyMap<string, readonly string[]>,
  versions: readonly Version[],
): string[] {
  const there = new Set(versions.map(nameOf));
  return [...written.keys()].filter((one) => !there.has(one)).map((one) => `${one} is not there`);
}

/** The versions that one patient's messages made must come in the order of these messages. */
function disorderOf({ then }: PlannedStream, versions: readonly Version[]): string[] {
  const place = new Map(then.map(({ controlId }, at) => [controlId, at]));
  const newest = new Map<string, number>();
  return versions.flatMap((version) => {
    const { type, id } = version;
    const at = place.get(messageOf(version) ?? '');
    if (at === undefined || type === 'Practitioner') return [];
    const before = newest.get(`${type}/${id}`) ?? 0;
    newest.set(`${type}/${id}`, at);
    return at < before ? [`${nameOf(version)} came after a later message`] : [];
  });
}

/** Of each row with resources: a Provenance of this very row that names these versions and no others. */
function unnamed(rows: readonly JournalEntry[], versions: readonly Version[]): string[] {
  const named = new Map<string, string>();
  for (const { type, body } of versions) {
    if (type !== 'Provenance') continue;
    const { target, entity } = JSON.parse(body) as {
      readonly target: readonly { readonly reference: string }[];
      readonly entity?: readonly {
        readonly what: { readonly identifier?: { readonly value: string } };
      }[];
    };
    const row = entity?.[0]?.what.identifier?.value;
    if (row !== undefined) named.set(row, listed(target.map(({ reference }) => reference)));
  }
  return rows
    .filter(({ written = [] }) => written.length > 0)
    .filter(({ id, written = [] }) => named.get(id) !== listed(written))
    .map(({ controlId }) => `The Provenance of ${controlId} names other versions`);
}

const listed = (references: readonly string[]): string => [...references].sort().join();

function unflagged(message: Planned, rows: Rows): string[] {
  if (!message.reuses) return [];
  const [row] = rowsOf(message, rows);
  const isFlagged = row?.report?.includes('control-id-reuse') ?? false;
  return isFlagged ? [] : [`${message.controlId} was used again and not flagged`];
}

async function brokenChain(store: Store): Promise<string[]> {
  const broken = verifyChain(await store.audit.rows(0, 10_000_000));
  return broken === undefined ? [] : [`The audit chain is broken: ${JSON.stringify(broken)}`];
}

/** Against one process in memory that hears each message once, one after another. */
async function differences(
  store: Store,
  streams: readonly PlannedStream[],
  { since, journaled }: { readonly since: Date; readonly journaled: boolean },
): Promise<string[]> {
  const keys = streams.map(({ first, then }) => personKey(first[0] ?? then[0]));
  const claims = [...new Set(keys)];
  // The oracle says at once what is wrong with a message, and of one that was answered before only its state is the same.
  const told = (state: FinalState): FinalState => (journaled ? withoutAnswers(state) : state);
  const found = told(await finalState(store, { since, claims }));
  const wanted = told(await oracle(streams, { since, claims }));
  const parts: (keyof FinalState)[] = ['claims', 'journal', 'jobs', 'eventsPending'];
  const odd = parts.filter((part) => JSON.stringify(found[part]) !== JSON.stringify(wanted[part]));
  const types = new Set([...found.resources.keys(), ...wanted.resources.keys()]);
  const oddTypes = [...types].filter((type) => {
    const of = (state: FinalState): string => JSON.stringify(state.resources.get(type) ?? []);
    return of(found) !== of(wanted);
  });
  return [...odd, ...oddTypes].map(
    (part) => `${part} differs: ${firstDifference(found, wanted, part)}`,
  );
}

/** The journal's counts by feed and state alone. */
function withoutAnswers(state: FinalState): FinalState {
  const counts = new Map<string, number>();
  for (const line of state.journal) {
    const [feed = '', of = '', , count] = line.split(' ');
    counts.set(`${feed} ${of}`, (counts.get(`${feed} ${of}`) ?? 0) + Number(count));
  }
  return { ...state, journal: [...counts].map(([of, count]) => `${of} ${String(count)}`).sort() };
}

function firstDifference(found: FinalState, wanted: FinalState, part: string): string {
  const list = (state: FinalState): readonly string[] => {
    const own = state.resources.get(part) ?? state[part as keyof FinalState] ?? [];
    return Array.isArray(own) ? (own as readonly string[]) : [JSON.stringify(own)];
  };
  const [theirs, mine] = [list(found), list(wanted)];
  const extra = theirs.find((one) => !mine.includes(one)) ?? '';
  const absent = mine.find((one) => !theirs.includes(one)) ?? '';
  const sizes = `${String(theirs.length)} for ${String(mine.length)}`;
  const place = [...extra].findIndex((letter, at) => letter !== absent[at]);
  const shown = (text: string): string =>
    `${text.slice(0, 200)} ... ${text.slice(Math.max(place - 200, 200), place + 200)}`;
  return `${sizes}; there: ${shown(extra)}; wanted: ${shown(absent)}`;
}

function personKey(message: Planned | undefined): string {
  const [mrn = ''] = message?.controlId.split('-') ?? [];
  return personClaimKey({ system: 'urn:weir:authority:NORTHGATE', value: mrn });
}

/** Until every event is handled, and merges have met what rules made of these. */
export async function settle(app: RunningApp['app']): Promise<void> {
  const said = (): void => undefined;
  await app.idle();
  const log = { info: said, warn: said, error: said };
  await finishAll({ store: app.store, clock: () => new Date(), log });
  await app.idle();
}

async function oracle(
  streams: readonly PlannedStream[],
  options: { readonly since: Date; readonly claims: readonly string[] },
): Promise<FinalState> {
  const running = await runApp({ store: 'memory' });
  try {
    const messages = streams.flatMap(({ first, then }) => [...first, ...then]);
    await running.send(...messages.map(({ bytes }) => bytes));
    await settle(running.app);
    return await finalState(running.app.store, options);
  } finally {
    await running.close();
  }
}
