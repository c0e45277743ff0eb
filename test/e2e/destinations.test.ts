import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp } from '../../src/app.ts';
import type { App } from '../../src/app.ts';
import { destinationListCommand, destinationWorkCommand } from '../../src/cli/destination.ts';
import { buildConfig } from '../../src/config.ts';
import { connectMllp } from '../../src/feed/mllp-client.ts';
import { parseAddress } from '../../src/ops/address.ts';
import { openLog } from '../../src/ops/log.ts';
import { tokenFor } from '../../src/security/sign-in.ts';
import { audience } from '../../src/security/token.ts';
import { runCommand } from '../cli/command-io.ts';
import { until } from '../feed/destination/destination-fixture.ts';
import { closes, Receiver, says } from '../feed/destination/receiver.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-destinations-'));
const ward = new Receiver([says('CA', 'AA')]);
const archive = new Receiver([says('AA')]);
const clock = (): Date => new Date();
const log = openLog('silent');
let app: App;
let token = '';

beforeAll(async () => {
  const site = join(folder, 'site');
  mkdirSync(join(site, 'destinations'), { recursive: true });
  cpSync('fixtures/demo-site/feeds', join(site, 'feeds'), { recursive: true });
  const file = (name: string, text: string): void =>
    writeFileSync(join(site, `destinations/${name}.destination.yaml`), text);
  file(
    'ward',
    `destination: ward
address: 127.0.0.1:${String(await ward.listen())}
ack: application
receiving: { application: WARD, facility: MERCY }
zone: Europe/Rome
charset: 8859/1
send:
  - { resource: Patient, map: adt }
  - { resource: Appointment, map: siu }
  - { resource: DiagnosticReport, map: oru }
  - { resource: DocumentReference, map: mdm }
retry: { first: PT0.05S, most: PT0.1S }
`,
  );
  file(
    'archive',
    `destination: archive
address: 127.0.0.1:${String(await archive.listen())}
pass: [{ only: { MSH-9: 'ORU^*' }, rewrite: receiving }]
receiving: { application: ARCHIVE }
`,
  );
  const free = { http: '127.0.0.1:0', mllp: '127.0.0.1:0' };
  const config = buildConfig([{ ...free, data: join(folder, 'data'), site }]);
  app = await startApp({ config, log, clock, root: `${process.cwd()}/` });
  const who = { id: 'test', display: 'Test', role: 'admin' } as const;
  const newId = (): string => crypto.randomUUID();
  const kind = { audience: audience.api, ttlSeconds: 600 };
  token = await tokenFor({ keys: app.keys, clock, newId }, who, kind);
  await app.idle();
});
afterAll(async () => {
  await app.close();
  await ward.close();
  await archive.close();
  rmSync(folder, { recursive: true });
});

/** Resources of a type, written over REST; gives the id. */
async function create(resource: { readonly resourceType: string }): Promise<string> {
  const response = await fetch(`${app.http}/fhir/${resource.resourceType}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
    body: JSON.stringify(resource),
  });
  if (!response.ok) throw new Error(await response.text());
  return ((await response.json()) as { id: string }).id;
}
const lines = (message: string | undefined): readonly string[] => (message ?? '').split('\r');
const weir = (run: Parameters<typeof runCommand>[0]) => runCommand(run);
const config = () =>
  buildConfig([{ http: app.http.slice('http://'.length), data: join(folder, 'data') }]);
const args = (positional: readonly string[], flags: Record<string, string | true> = {}) => ({
  config: {},
  flags,
  positional: [...positional],
});

it('tells a ward system of what apps write, and passes results on to an archive', async () => {
  const id = await create({
    resourceType: 'Patient',
    name: [{ family: 'Müller', given: ['Jö|rg'] }],
    birthDate: '1980-02',
  } as { resourceType: string });
  const patient = { reference: `Patient/${id}` };
  const start = '2026-05-01T08:00:00Z';
  await create({
    resourceType: 'Appointment',
    status: 'booked',
    start,
    end: '2026-05-01T08:30:00Z',
    participant: [{ actor: patient, status: 'accepted' }],
  } as { resourceType: string });
  await create({
    resourceType: 'DocumentReference',
    status: 'current',
    subject: patient,
    content: [
      {
        attachment: { contentType: 'text/plain', data: Buffer.from('one\ntwo').toString('base64') },
      },
    ],
  } as { resourceType: string });
  await until(() => ward.received.length === 3);
  const [person, booked, document] = ward.received;
  expect(lines(person)[0]).toMatch(
    /^MSH\|\^~\\&\|WEIR\|\|WARD\|MERCY\|\d{14}\.\d{3}\+0000\|\|ADT\^A31\^ADT_A05\|\w{20}\|P\|2\.5\.1\|\|\|AL\|AL\|\|8859\/1$/,
  );
  expect(lines(person)[2]).toBe(`PID|1||${id}^^^WEIR^PI||Müller^Jö\\F\\rg||198002`);
  // On the wall clock of the receiver.
  expect(booked).toContain('20260501100000+0200');
  expect(
    lines(document)
      .slice(-3, -1)
      .map((line) => line.split('|')[5]),
  ).toEqual(['one', 'two']);

  const result = readFileSync('fixtures/ORU_R01/final/message.hl7');
  const client = await connectMllp({ ...parseAddress(app.mllp), timeoutMs: 10_000 });
  expect(Buffer.from(await client.send(result)).toString()).toContain('MSA|AA');
  client.close();
  await until(() => archive.received.length === 1 && ward.received.length >= 5);
  const sent = result.toString('latin1');
  expect(archive.received[0]).toBe(sent.replace('|WEIR|HUB|', '|ARCHIVE||'));
  const events = ward.received.map((text) => text.split('|')[8]).sort();
  expect(events).toContain('ORU^R01^ORU_R01');
});

it('shows how they stand, and lets an operator act', async () => {
  const waiting = (): Promise<readonly unknown[]> => app.store.states('delivery|ward|queue|');
  await app.idle();
  await until(async () => (await waiting()).length === 0);
  const fine = await weir((io) => destinationListCommand(config(), args([]), io));
  expect(fine.code).toBe(0);
  expect(fine.stdout).toMatch(/archive +waiting +0 waiting, oldest 0 s, 1 sent/);
  const pause = destinationWorkCommand('pause');
  const reason = { '--reason': 'a new version' };
  expect((await weir((io) => pause(config(), args(['ward'], reason), io))).code).toBe(0);
  const before = ward.received.length;
  await create({ resourceType: 'Patient', name: [{ family: 'Paused' }] } as never);
  await until(async () => (await waiting()).length === 1);
  const paused = await weir((io) => destinationListCommand(config(), args([]), io));
  expect(paused.code).toBe(1);
  expect(paused.stdout).toMatch(/ward +paused +1 waiting/);
  const rows = await weir((io) => destinationListCommand(config(), args(['ward']), io));
  const [id = ''] = rows.stdout.split(' ');
  const skip = destinationWorkCommand('skip');
  expect((await weir((io) => skip(config(), args(['ward', id], reason), io))).code).toBe(0);
  const resume = destinationWorkCommand('resume');
  expect((await weir((io) => resume(config(), args(['ward'], reason), io))).code).toBe(0);
  ward.play(closes, says('CA', 'AA'));
  await create({ resourceType: 'Patient', name: [{ family: 'Resumed' }] } as never);
  await until(() => ward.received.length === before + 2);
  const after = ward.received.slice(before);
  expect(after.every((text) => text.includes('Resumed'))).toBe(true);
  const headers = { authorization: `Bearer ${token}` };
  const metrics = await (await fetch(`${app.http}/metrics`, { headers })).text();
  expect(metrics).toContain('weir_destination_skipped_total{destination="ward"} 1');
});

it('a fault in a destination stops the start, with its place', async () => {
  const site = join(folder, 'faulty');
  mkdirSync(join(site, 'destinations'), { recursive: true });
  writeFileSync(join(site, 'destinations/x.destination.yaml'), 'destination: x\nadress: a:1\n');
  const free = { http: '127.0.0.1:0', mllp: '127.0.0.1:0', store: 'memory' };
  const faulty = buildConfig([{ ...free, data: join(folder, 'other'), site }]);
  await expect(startApp({ config: faulty, log, clock, root: `${process.cwd()}/` })).rejects.toThrow(
    'destinations/x.destination.yaml:2:1 `adress` is no key of a destination; did you mean `address`?',
  );
});
