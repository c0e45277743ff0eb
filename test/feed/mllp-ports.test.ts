import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { feedOf, type Feed } from '../../src/feed/feed.ts';
import { parseFeed } from '../../src/feed/feed-file.ts';
import { frameBytes } from '../../src/feed/mllp-frame.ts';
import { openMllpPorts, type MllpPorts } from '../../src/feed/mllp-ports.ts';
import { parseMessage } from '../../src/hl7v2/parse.ts';
import { parseAddress } from '../../src/ops/address.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { keepLog, testLimits, until } from './mllp-peer.ts';
import { codeOf, ehr, frame, processorOn } from './pipeline-fixture.ts';

const pemFile = (name: string): string =>
  fileURLToPath(new URL(`./tls/${name}.pem`, import.meta.url));
const pem = (name: string): string => readFileSync(pemFile(name), 'utf8');
const tls = {
  listen: '127.0.0.1:0',
  keyFile: pemFile('server-key'),
  certFile: pemFile('server'),
  caFile: pemFile('ca'),
};
const ours = new X509Certificate(pem('client')).fingerprint256;
const theirs = ours.replace(/^../, ours.startsWith('00') ? '11' : '00');

const lab: Feed = { ...ehr, name: 'lab', sender: { application: 'LAB', facility: 'LAB' } };

let ports: MllpPorts | undefined;
afterEach(async () => {
  await ports?.close();
  ports = undefined;
});

async function openPorts(feeds: readonly Feed[], main = { listen: '127.0.0.1:0' }) {
  const store = openMemoryStore();
  const { processor } = processorOn(store, { feeds: () => feeds });
  ports = await openMllpPorts({
    limits: testLimits,
    log: keepLog(),
    onFrame: processor.onFrame,
    feeds,
    main,
    parseAddress,
    listening: (_, open) => open(),
  });
  return store;
}

async function ask(address: string, sender: string, secure?: object): Promise<string> {
  const { host, port } = parseAddress(address);
  const socket: Socket =
    secure === undefined
      ? connectPlain({ host, port })
      : connect({ host, port, ca: pem('ca'), ...secure });
  let answer = '';
  let over = false;
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
    socket.end();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    over = true;
  });
  socket.write(frameBytes(frame({ id: `m${sender}`, sender })));
  await until(() => over);
  return answer;
}

const client = { cert: pem('client'), key: pem('client-key') };

describe('ports', () => {
  it('a feed with a port of its own takes its sender alone there', async () => {
    const store = await openPorts([{ ...ehr, mllp: { listen: '127.0.0.1:0' } }, lab]);
    const own = ports?.ofFeeds.get('ehr') ?? '';
    expect(own).not.toBe(ports?.main);
    expect(codeOf(await ask(own, 'EHR|MERCY'))).toBe('AA');
    const refused = await ask(own, 'LAB|LAB');
    expect(codeOf(refused)).toBe('AR');
    expect(refused).toContain('Feed ehr is not for this sender');
    expect(codeOf(await ask(ports?.main ?? '', 'LAB|LAB'))).toBe('AA');
    const { entries } = await store.journal.list({ count: 10 });
    expect(entries.map(({ feed, state }) => `${feed} ${state}`).sort()).toEqual([
      'ehr failed',
      'ehr processed',
      'lab processed',
    ]);
  });

  it('one port that cannot be had closes the others', async () => {
    await openPorts([]);
    const taken = ports;
    const feed = { ...ehr, mllp: { listen: taken?.main ?? '' } };
    await expect(openPorts([{ ...lab, mllp: { listen: '127.0.0.1:0' } }, feed])).rejects.toThrow(
      'EADDRINUSE',
    );
    await taken?.close();
  });

  it('a TLS file that is not there is named', async () => {
    const mllp = { ...tls, keyFile: '/nowhere/key.pem' };
    await expect(openPorts([{ ...ehr, mllp }])).rejects.toThrow(
      '/nowhere/key.pem cannot be read (ENOENT)',
    );
  });
});

describe('a certificate is bound to its feed and sender', () => {
  const table: readonly [string, Feed[], string, string][] = [
    ['its own', [{ ...ehr, certificates: [ours] }, lab], 'EHR|MERCY', 'AA'],
    ['a sender whose feed wants another', [{ ...ehr, certificates: [theirs] }], 'EHR|MERCY', 'AR'],
    [
      'another sender under a bound certificate',
      [{ ...ehr, certificates: [ours] }, lab],
      'LAB|LAB',
      'AR',
    ],
    [
      'no feed of the site under a bound certificate',
      [{ ...ehr, certificates: [ours] }],
      'X|Y',
      'AR',
    ],
    ['a certificate that is bound to none', [ehr, lab], 'LAB|LAB', 'AA'],
    [
      'one certificate for two feeds',
      [
        { ...ehr, certificates: [ours] },
        { ...lab, certificates: [theirs, ours] },
      ],
      'LAB|LAB',
      'AA',
    ],
  ];
  it.each(table)('%s', async (_, feeds, sender, code) => {
    await openPorts(feeds, tls);
    expect(codeOf(await ask(ports?.main ?? '', sender, client))).toBe(code);
  });

  it('without any certificate: on a plain port the feed is refused, others are not', async () => {
    await openPorts([{ ...ehr, certificates: [ours] }, lab]);
    const refused = await ask(ports?.main ?? '', 'EHR|MERCY');
    expect(codeOf(refused)).toBe('AR');
    expect(refused).toContain('does not speak for feed ehr');
    expect(codeOf(await ask(ports?.main ?? '', 'LAB|LAB'))).toBe('AA');
  });

  it('a client without a certificate is not let in where one is asked for', async () => {
    await openPorts([ehr], tls);
    expect(await ask(ports?.main ?? '', 'EHR|MERCY', {})).toBe('');
  });

  it('over TLS on the port of a feed', async () => {
    await openPorts([{ ...ehr, mllp: tls, certificates: [ours] }]);
    expect(codeOf(await ask(ports?.ofFeeds.get('ehr') ?? '', 'EHR|MERCY', client))).toBe('AA');
  });
});

describe('which feed, by MSH-3, 4, 5, 6 and 9', () => {
  const feeds: readonly Feed[] = [
    { ...ehr, name: 'sender', sender: { application: 'EHR' } },
    { ...ehr, name: 'sender-results', sender: { application: 'EHR' }, messages: ['ORU'] },
    { ...ehr, name: 'merge', sender: { application: 'EHR' }, messages: ['ADT^A40', 'ADT^A34'] },
    { ...ehr, name: 'to-crm', sender: { application: 'EHR' }, receiver: { application: 'CRM' } },
    { ...ehr, name: 'any-orders', sender: {}, messages: ['ORM'] },
    { ...ehr, name: 'default', sender: {} },
  ];
  it.each([
    ['EHR|X|HUB|H', 'ADT^A08', 'sender'],
    ['EHR|X|HUB|H', 'ORU^R01', 'sender-results'],
    ['EHR|X|HUB|H', 'ADT^A40', 'merge'],
    ['EHR|X|CRM|H', 'ORU^R01', 'to-crm'],
    ['LAB|X|HUB|H', 'ORM^O01', 'any-orders'],
    ['LAB|X|HUB|H', 'ADT^A08', 'default'],
  ])('%s %s is %s', (parties, type, name) => {
    const { message } = parseMessage(`MSH|^~\\&|${parties}|2026||${type}|1|P|2.5\r`);
    if (message === undefined) throw new Error('unreachable');
    expect(feedOf(feeds, message).name).toBe(name);
  });
});

it.each([
  ['certificates: [abc]', 'certificates is a list'],
  ['certificates: []', 'certificates is a list'],
  ['messages: [adt]', 'messages is a list'],
  ['receiver: { name: x }', 'receiver is'],
  ['mllp: 2575', 'mllp is'],
  ['mllp: { keyFile: a, certFile: b }', 'mllp needs listen'],
  ['mllp: { listen: "0.0.0.0:1", keyFile: a }', 'TLS needs keyFile and certFile'],
  ['mllp: { listen: "0.0.0.0:1", caFile: a }', 'TLS needs keyFile and certFile'],
  ['folder: ../../etc', 'folder is a path'],
  ['onFailure: panic', 'onFailure is park-message'],
])('the feed file %s is refused: %s', (line, message) => {
  const { faults } = parseFeed(`feed: x\n${line}\n`, 'x.feed.yaml');
  expect(faults[0]?.place).toMatch(/^x\.feed\.yaml:2:/);
  expect(faults[0]?.message).toContain(message);
});
