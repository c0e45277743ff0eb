import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { acknowledgmentCode } from '../../src/cli/demo/play.ts';
import { openMaps } from '../../src/cli/maps.ts';
import { askedOf } from '../../src/feed/asked.ts';
import { connectMllp } from '../../src/feed/mllp-client.ts';
import { parseStored } from '../../src/feed/stored.ts';
import { isError } from '../../src/fhir/outcome.ts';
import { validateResource } from '../../src/fhir/validate.ts';
import { decodeFrame } from '../../src/hl7v2/charset.ts';
import type { Message } from '../../src/hl7v2/message.ts';
import { parseMessage } from '../../src/hl7v2/parse.ts';
import { parseAddress } from '../../src/ops/address.ts';
import type { JournalEntry, Store } from '../../src/store/store.ts';
import { runApp } from '../e2e/running-app.ts';
import { describeOnMongo, freshDatabaseName, withDatabase } from '../mongo/mongo.ts';
import { unexplainedFields } from './explained.ts';
import { samplesNote, sentSamples, type SentSample } from './sent-samples.ts';

const skip = sentSamples.length === 0;
const minute = 60_000;

describe.skipIf(skip)(`real messages of other senders${samplesNote}`, () => {
  it('are all there', () => {
    expect(sentSamples.length).toBeGreaterThanOrEqual(139);
  });

  it(
    'the whole server, on SQLite: an answer to each, no fault of ours, nothing stored but FHIR',
    async () => {
      await sendAndCheck('sqlite');
    },
    2 * minute,
  );

  it(
    'every valued field shows in what is made, in the loss report, or is named by the map',
    async () => {
      const { pack } = await openMaps({ site: '', zone: 'UTC' });
      if (!pack) throw new Error('The base pack has faults');
      const unexplained = sentSamples.flatMap(({ file, bytes }) => {
        const fields = unexplainedFields(pack, decodeFrame(bytes).text);
        return fields.map((field) => `${file} ${field}`);
      });
      expect(unexplained).toEqual([]);
    },
    3 * minute,
  );
});

describeOnMongo('real messages of other senders, the whole server', (url) => {
  it.skipIf(skip)(
    `an answer to each, no fault of ours, nothing stored but FHIR${samplesNote}`,
    async () => {
      await sendAndCheck(withDatabase(url, freshDatabaseName()));
    },
    5 * minute,
  );
});

async function sendAndCheck(store: string): Promise<void> {
  const running = await runApp({ store });
  try {
    for (const sample of sentSamples) await sendOne(running.app, sample);
    await running.app.idle();
    expect(running.logged.filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
    await checkStored(running.app.store);
  } finally {
    await running.close();
  }
}

/** What the sender asked for comes: an answer to this message, or none; and the journal says the same. */
async function sendOne(
  { mllp, store }: { readonly mllp: string; readonly store: Store },
  { file, bytes }: SentSample,
): Promise<void> {
  const message = messageIn(bytes);
  const { asked } = askedOf(message);
  const known = new Set((await store.journal.find('default', message.controlId)).map(idOf));
  const client = await connectMllp({ ...parseAddress(mllp), timeoutMs: minute });
  const isQuiet = asked?.accept === 'NE' && asked.application === 'NE';
  const isAll = asked === undefined || asked.application === 'NE' || asked.application === 'ER';
  const answering = client.send(bytes, (heard) => isAll || acknowledgmentCode(heard) !== 'CA');
  if (isQuiet) answering.catch(() => undefined);
  const answer = isQuiet ? undefined : messageIn(await answering);
  const row = await newRow();
  client.close();
  const text = (number: number): string => answer?.segment('MSA')?.field(number).text ?? '';
  expect([file, text(1), text(2)]).toEqual([
    file,
    row.ackCode ?? '',
    isQuiet ? '' : message.controlId,
  ]);
  if (row.state === 'processed') return;
  // Of a type that no map takes: refused with a word about it, and kept.
  expect([file, row.state, row.ackCode ?? 'AR']).toEqual([file, 'failed', 'AR']);
  expect(row.lastError).toMatch(/^(message-type|event)-unsupported: No map takes /);

  async function newRow(): Promise<JournalEntry> {
    for (;;) {
      const rows = await store.journal.find('default', message.controlId);
      const found = rows.find((one) => !known.has(one.id));
      if (found && found.state !== 'received') return found;
      await wait(10);
    }
  }
}

const idOf = ({ id }: JournalEntry): string => id;

function messageIn(bytes: Uint8Array): Message {
  const { text, charset } = decodeFrame(bytes);
  const { message } = parseMessage(text, { charset });
  if (!message) throw new Error('No message');
  return message;
}

/** Every version is valid R4, and every one that a feed wrote is named by a Provenance. */
async function checkStored(store: Store): Promise<void> {
  const { versions } = await store.history({ count: 20_000 });
  expect(versions.length).toBeGreaterThan(300);
  const resources = versions.filter(({ deleted }) => !deleted).map(parseStored);
  const faults = resources.flatMap((resource) => validateResource(resource).filter(isError));
  expect(faults).toEqual([]);
  const named = new Set(
    resources
      .filter(({ resourceType }) => resourceType === 'Provenance')
      .flatMap(({ target }) => (target as { reference: string }[]).map((one) => one.reference)),
  );
  const unnamed = versions
    .filter(({ type, body }) => type !== 'Provenance' && body.includes('"source":"urn:weir:feed'))
    .map(({ type, id, versionId }): string => `${type}/${id}/_history/${versionId}`)
    .filter((reference) => !named.has(reference));
  expect(unnamed).toEqual([]);
}
