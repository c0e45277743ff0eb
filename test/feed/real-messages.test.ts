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
import { seed } from '../crash/sample.ts';
import { packOf, patientMap } from '../mapping/pack-fixture.ts';
import { runApp } from '../e2e/running-app.ts';
import { describeOnMongo, freshDatabaseName, withDatabase } from '../mongo/mongo.ts';
import { unexplainedFields, unexplainedRepetitions } from './explained.ts';
import { samplesNote, sentSamples, type SentSample } from './sent-samples.ts';

const skip = sentSamples.length === 0;
const minute = 60_000;
/** Each is mapped once for every field of it: a third by turns, but where all rounds are asked for. */
const takenApart = sentSamples.filter(
  (_, index) => process.env['WEIR_TEST_ALL_ROUNDS'] === '1' || index % 3 === seed % 3,
);
const share = `${String(takenApart.length)} of ${String(sentSamples.length)}, seed ${String(seed)}`;

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
    `every valued field shows in what is made, in the loss report, or is named by the map (${share})`,
    async () => {
      const { pack } = await openMaps({ site: '', zone: 'UTC' });
      if (!pack) throw new Error('The base pack has faults');
      const unexplained = takenApart.flatMap(({ file, bytes }) => {
        const { text } = decodeFrame(bytes);
        const fields = [...unexplainedFields(pack, text), ...unexplainedRepetitions(pack, text)];
        return fields.map((field) => `${file} ${field}`);
      });
      expect(unexplained).toEqual([]);
    },
    6 * minute,
  );
});

describe('what looks for values that a map gives away', () => {
  const head = 'MSH|^~\\&|A|B|C|D|20260101080000+0100||ADT^A01|1|P|2.5.1';
  const pid = 'PID|1||M1^^^B^MR||Alvarez^Maria~Alv^M|Mother|19620417|F';
  const found = (slots: string, ignored = '') => {
    const files = patientMap(slots, `ignore: { PID-1: line number${ignored} }`);
    const message = [head, pid, ''].join('\r');
    const pack = packOf(files);
    return [...unexplainedFields(pack, message), ...unexplainedRepetitions(pack, message)];
  };

  it('is content where each value shows, is lost in the open, or is named', () => {
    expect(found('name: { each: PID-5 }\nbirthDate: PID-7')).toEqual([]);
  });

  it.each([
    [
      'only a condition asks for it',
      'name: { each: PID-5, when: PID-8 exists or PID-7 exists }',
      ['PID-8'],
    ],
    [
      'another is taken before it',
      'name: { each: PID-5 }\nbirthDate: { first: [PID-7, PID-33] }\ngender: { oneOf: [{ const: female, when: PID-6 not exists }, { const: female }] }',
      ['PID-6'],
    ],
    [
      'all repetitions are read and the first is used',
      'active: { const: true, when: "PID-5 = x" }\nname: PID-5',
      ['PID-5 (a repetition)'],
    ],
  ])('sees a value that is given away: %s', (_, slots, fields) => {
    expect(found(slots)).toEqual(fields);
  });

  it('takes a field that the map names as ignored', () => {
    const slots = 'name: { each: PID-5, when: PID-8 exists or PID-7 exists }';
    expect(found(slots, ', PID-7: no, PID-8: no')).toEqual([]);
  });
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
  expect([file, row.state, row.lastError]).toEqual([file, 'processed', undefined]);

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
