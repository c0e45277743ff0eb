/**
 * Fails the n-th call to the driver, for a sample of n or for every one, in one long-lived process, and says as JSON lines what
 * came of each: of a commit, of a group of commits, of opening, of closing, of checkpoints. Needs
 * driver-shim.ts. Arguments: which of these, a folder for data files.
 */
import { OutcomeError } from '../../src/fhir/issue.ts';
import { StoreOpenError } from '../../src/store/open-error.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { arm, codes, disarm, type Blow } from './driver-shim.ts';
import { addUp, everyEffect, lay, standing, type Standing } from './every-effect.ts';
import { everyFault, sample } from './sample.ts';

const [subject = '', folder = ''] = process.argv.slice(2);

/** What came of one blow. */
export interface Finding {
  readonly blow: string;
  readonly step: number;
  readonly told: readonly string[];
  readonly standing: readonly Standing[];
  /** What the next try without a fault came to. */
  readonly next: string;
}

const say = (finding: Finding): void => console.log(JSON.stringify(finding));

/** `acknowledged`, or the code it was refused with. */
async function toldOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
    return 'acknowledged';
  } catch (error) {
    if (error instanceof OutcomeError) return error.issues[0].code;
    if (error instanceof StoreOpenError) return error.reason;
    return String(error);
  }
}

interface Deal {
  readonly name: string;
  readonly step: number;
  readonly begin: () => void;
  readonly end: () => void;
}

/** How a call may fail: with what word, alone or with all that follow. */
type Way = readonly [blow: 'once' | 'onwards', code: number];

const allWays: readonly Way[] = codes.flatMap((_, code) => [
  ['once', code] as const,
  ['onwards', code] as const,
]);

interface Extent {
  readonly ways: readonly Way[];
  /** How many of the steps. */
  readonly few: number;
}

/** Untouched first, then struck at steps, in some ways; at all of them where every fault is asked for. */
async function everyStep(
  { ways, few }: Extent,
  attempt: (deal: Deal) => Promise<void>,
): Promise<void> {
  for (const [blow, code] of everyFault ? allWays : ways) {
    let taken = 0;
    const attemptAt = (step: number): Promise<void> => {
      const name = step === never ? 'untouched' : `${codes[code] ?? ''} ${blow}`;
      const end = (): void => void (taken = disarm().steps);
      return attempt({ name, step, begin: () => arm(step, blow, { code }), end });
    };
    await attemptAt(never);
    const steps = Array.from({ length: taken }, (_, at) => at + 1);
    for (const step of sample(steps, everyFault ? Infinity : few)) await attemptAt(step);
  }
}

const never = 1_000_000;

/** Groups of `size` commits asked for in one turn, each followed by one that nothing disturbs. */
async function commits(size: number, extent: Extent): Promise<void> {
  let session = await newSession();
  await everyStep(extent, async ({ name, step, begin, end }) => {
    // What is looked at after each step grows with the file.
    if (session.standings.length > 50) session = await renewed(session);
    const { store, standings } = session;
    const grounds = [];
    for (let one = 1; one <= size; one++) grounds.push(await lay(store, standings.length + one));
    begin();
    const told = await Promise.all(
      grounds.map((ground) => toldOf(store.commit(everyEffect(ground)))),
    );
    end();
    const stands: Standing[] = [];
    for (const { n } of grounds) stands.push(await standing(store, n));
    const n = standings.length + size + 1;
    const next = await toldOf(one(store, n));
    standings.push(...stands, await standing(store, n));
    say({ blow: name, step, told, standing: stands, next });
  });
  await renewed(session);
}

interface Session {
  readonly file: string;
  readonly store: Store;
  readonly standings: Standing[];
}

let sessions = 0;
async function newSession(): Promise<Session> {
  const file = `${folder}/commits-${++sessions}.db`;
  return { file, store: await openSqliteStore({ file }), standings: [] };
}

/** Ends a session, with a look at its file as it will be found, and begins another. */
async function renewed({ file, store, standings }: Session): Promise<Session> {
  await addUp(store, standings);
  await store.close();
  await reopened(file, standings);
  return await newSession();
}

/** Throws where a file does not hold what is known to be in it. */
async function reopened(file: string, standings: readonly Standing[]): Promise<void> {
  const store = await openSqliteStore({ file });
  for (const [at, known] of standings.entries()) {
    const now = await standing(store, at + 1);
    if (now !== known) throw new Error(`Commit ${at + 1} was ${known} and is ${now}`);
  }
  await addUp(store, standings);
  await store.close();
}

/** Opening: a file that is not there yet, or one with a commit in it. */
async function opens(isNew: boolean): Promise<void> {
  let files = 0;
  await everyStep({ ways: [['once', 0]], few: 6 }, async ({ name, step, begin, end }) => {
    const file = `${folder}/open-${isNew ? 'new' : 'old'}-${++files}.db`;
    if (!isNew) await oneCommit(file, 1);
    begin();
    const opening = openSqliteStore({ file });
    const told = await toldOf(opening);
    end();
    if (told === 'acknowledged') await (await opening).close();
    const next = await toldOf(oneCommit(file, isNew ? 1 : 2));
    say({ blow: name, step, told: [told], standing: [], next });
    await reopened(file, isNew ? ['whole'] : ['whole', 'whole']);
  });
}

async function oneCommit(file: string, n: number): Promise<void> {
  const store = await openSqliteStore({ file });
  await one(store, n);
  await store.close();
}

/** Closing, the checkpoint with it. */
async function closes(): Promise<void> {
  let files = 0;
  await everyStep({ ways: [['onwards', 0]], few: 6 }, async ({ name, step, begin, end }) => {
    const file = `${folder}/close-${++files}.db`;
    const store = await openSqliteStore({ file });
    await one(store, 1);
    begin();
    const told = await toldOf(store.close());
    end();
    await reopened(file, ['whole']);
    say({ blow: name, step, told: [told], standing: ['whole'], next: 'acknowledged' });
  });
}

/** Checkpoints that are due with every group, and fail. */
async function checkpoints(blow: Blow): Promise<void> {
  const file = `${folder}/checkpoints-${blow}.db`;
  const store = await openSqliteStore({ file, walBytes: 1 });
  const told = [];
  arm(1, blow, { checkpoints: true });
  for (let n = 1; n <= 50; n++) told.push(await toldOf(one(store, n)));
  const { steps } = disarm();
  for (let n = 51; n <= 100; n++) told.push(await toldOf(one(store, n)));
  const whole = told.map(() => 'whole' as const);
  await addUp(store, whole);
  await store.close();
  await reopened(file, whole);
  say({ blow, step: steps, told, standing: whole, next: 'acknowledged' });
}

async function one(store: Store, n: number): Promise<void> {
  await store.commit(everyEffect(await lay(store, n)));
}

const subjects: Record<string, () => Promise<void>> = {
  commit: () => commits(1, { ways: allWays, few: 20 }),
  group: () => commits(2, { ways: [['once', 1]], few: 30 }),
  'open-new': () => opens(true),
  'open-old': () => opens(false),
  close: closes,
  checkpoints: async () => {
    await checkpoints('once');
    await checkpoints('onwards');
  },
};

await subjects[subject]?.();
