import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { extractIndex } from '../../src/fhir/search-extract.ts';
import type { IdentifiedResource } from '../../src/fhir/resource.ts';
import { runApp, type RunningApp } from '../e2e/running-app.ts';
import { temporaryFolders } from '../store/temporary-folder.ts';
import { reconcile, settle, type Findings } from './ledger-check.ts';
import { planTraffic, playTraffic, type PlannedStream } from './ledger-traffic.ts';
import { Ledger, type LedgerLine } from './ledger.ts';
import { seed } from './sample.ts';

// The ledger is worth what it finds: here somebody lies to it.

const folders = temporaryFolders();
const since = new Date();
const streams = withDischarge(seed);
let running: RunningApp;
let lines: readonly LedgerLine[];

/** The first traffic from this seed on in which somebody is discharged who is not merged with anybody. */
function withDischarge(from: number): readonly PlannedStream[] {
  const found = planTraffic({ seed: from, patients: 4, messagesPerPatient: 5 });
  const isThere = found.some(({ then }) => {
    const [discharged, merged] = ['ADT^A03', 'ADT^A40'].map((event) =>
      then.some(({ bytes }) => Buffer.from(bytes).includes(event)),
    );
    return discharged === true && merged === false;
  });
  return isThere ? found : withDischarge(from + 1);
}

beforeAll(async () => {
  running = await runApp({ store: 'memory' });
  const ledger = new Ledger(`${folders.make()}/ledger.jsonl`);
  const addresses = (): readonly string[] => [running.app.mllp];
  const how = { seed, connections: 4, sendsMax: 3, timeoutMs: 10_000 };
  await playTraffic(streams, { ledger, addresses, ...how });
  await settle(running.app);
  lines = ledger.lines();
});
afterAll(async () => {
  await running.close();
  folders.remove();
});

async function findingsOf(
  given: { streams?: readonly PlannedStream[]; lines?: readonly LedgerLine[] } = {},
): Promise<Findings> {
  return (await reconcile(running.app.store, { streams, lines, since, ...given })).findings;
}

it('finds nothing where all is well', async () => {
  const nothing = { lost: [], doubled: [], half: [], disordered: [], unexplained: [], differs: [] };
  expect(await findingsOf(), `seed ${String(seed)}`).toEqual(nothing);
});

it('finds an answer that came, without its message in the journal', async () => {
  const [stream, ...others] = streams;
  const [message] = stream?.then ?? [];
  if (!stream || !message) throw new Error('No traffic');
  const text = Buffer.from(message.bytes).toString().replaceAll(message.controlId, 'NEVER');
  const lost = { ...message, controlId: 'NEVER', bytes: Buffer.from(text), hash: 'f'.repeat(64) };
  const line = {
    event: 'answered',
    id: 'NEVER',
    hash: lost.hash,
    at: '',
    code: 'AA',
    ack: '',
  } as const;
  const found = await findingsOf({
    streams: [{ ...stream, then: [...stream.then, lost] }, ...others],
    lines: [...lines, line],
  });
  expect(found.lost).toEqual(['NEVER is nowhere, not processed']);
  expect(found.differs.join()).toContain('journal differs');
});

it('finds two answers to the same bytes', async () => {
  const answer = lines.find((line) => line.event === 'answered' && line.code === 'AA');
  if (answer?.event !== 'answered') throw new Error('No answer');
  const { doubled } = await findingsOf({ lines: [...lines, { ...answer, ack: 'another' }] });
  expect(doubled).toEqual([`${answer.id} got different answers`]);
});

it('finds messages in another order than sent, and rows of what nobody has sent', async () => {
  const turned = streams.map(({ first, then }) => ({ first, then: then.toReversed() }));
  expect((await findingsOf({ streams: turned })).disordered.length).toBeGreaterThan(0);
  const fewer = streams.map(({ first, then }) => ({ first, then: then.slice(1) }));
  const { doubled } = await findingsOf({ streams: fewer });
  expect(doubled.join()).toMatch(/The journal has \d+ rows of \d+/);
});

describe('of what rules made', () => {
  interface Task extends IdentifiedResource {
    readonly for: { readonly reference: string };
    readonly input: readonly { readonly type: object; readonly valueInteger: number }[];
  }
  let task: Task;

  beforeAll(async () => {
    const { versions } = await running.app.store.history({ type: 'Task', count: 1_000 });
    const tasks = versions.map(({ body }) => JSON.parse(body) as Task);
    // Of whoever was merged the counts are not compared.
    const { versions: people } = await running.app.store.history({ type: 'Patient', count: 1_000 });
    const merged = people.filter(({ body }) => body.includes('"link"')).map(({ id }) => id);
    const handoff = tasks.find(
      (each) =>
        JSON.stringify(each['code']).includes('handoff') &&
        !merged.includes(each.for.reference.replace('Patient/', '')),
    );
    if (!handoff) throw new Error(`No hand-over, seed ${String(seed)}`);
    task = handoff;
  });
  afterEach(async () => write(task));

  async function write(resource: IdentifiedResource): Promise<void> {
    const change = { op: 'put', resource, index: extractIndex(resource) } as const;
    await running.app.store.commit({ now: new Date(), origin: 'rule:test', changes: [change] });
    await settle(running.app);
  }

  it('finds a hand-over that counts something else', async () => {
    const [first, ...others] = task.input;
    await write({ ...task, input: [{ ...first, valueInteger: 7 }, ...others] });
    const { differs } = await findingsOf();
    expect(differs.join()).toMatch(/Task differs: .*"valueInteger":7/);
  });

  it('finds a hand-over for another person, one of a retired person too', async () => {
    const { versions } = await running.app.store.history({ type: 'Patient', count: 1_000 });
    const others = versions
      .map(({ id }) => `Patient/${id}`)
      .filter((each) => each !== task.for.reference);
    for (const reference of new Set(others)) {
      await write({ ...task, for: { ...task.for, reference } });
      expect((await findingsOf()).differs.join(), reference).toContain('Task differs');
    }
  });

  it('finds a Task that is doubled, and one that is missing', async () => {
    await write({ ...task, id: 'another' });
    expect((await findingsOf()).differs.join()).toMatch(/Task differs: (\d+) for (?!\1)/);
    const changes = ['another', task.id].map((id) => ({ op: 'delete', type: 'Task', id }) as const);
    await running.app.store.commit({ now: new Date(), origin: 'rule:test', changes });
    expect((await findingsOf()).differs.join()).toMatch(/Task differs: (\d+) for (?!\1)/);
  });
});
