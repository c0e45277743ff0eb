import { afterAll, beforeAll, expect, it } from 'vitest';
import { runApp, type RunningApp } from '../e2e/running-app.ts';
import { temporaryFolders } from '../store/temporary-folder.ts';
import { reconcile, settle, type Findings } from './ledger-check.ts';
import { planTraffic, playTraffic, type PlannedStream } from './ledger-traffic.ts';
import { Ledger, type LedgerLine } from './ledger.ts';
import { seed } from './sample.ts';

// The ledger is worth what it finds: here somebody lies to it.

const folders = temporaryFolders();
const since = new Date();
const streams = planTraffic({ seed, patients: 4, messagesPerPatient: 5 });
let running: RunningApp;
let lines: readonly LedgerLine[];

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
