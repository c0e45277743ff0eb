import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { alarmSettings } from '../../src/feed/alarm-settings.ts';
import { loadFeeds, parseFeed } from '../../src/feed/feed-file.ts';
import { authorityUri, defaultFeed, feedOf, sourceOf, type Feed } from '../../src/feed/feed.ts';
import { parseMessage } from '../../src/hl7v2/parse.ts';
import type { Message } from '../../src/hl7v2/message.ts';

function from(sender: string): Message {
  const { message } = parseMessage(`MSH|^~\\&|${sender}|WEIR|HUB|20260501||ADT^A08|1|P|2.5.1\r`);
  if (!message) throw new Error('unreachable');
  return message;
}
const named = (name: string, sender?: Feed['sender']): Feed => ({
  ...defaultFeed,
  name,
  ...(sender ? { sender } : {}),
});

describe('which feed a message is of', () => {
  const feeds = [
    named('any-ehr', { application: 'EHR' }),
    named('mercy', { application: 'EHR', facility: 'MERCY' }),
    defaultFeed,
  ];
  it.each([
    ['EHR|MERCY', 'mercy', 'mercy'],
    ['EHR|NORTH', 'any-ehr', 'any-ehr:EHR|NORTH'],
    ['LAB|MERCY', 'default', 'default:LAB|MERCY'],
    ['EHR^1.2.3^ISO|MERCY^9', 'mercy', 'mercy'],
  ])('%s is %s', (sender, feed, source) => {
    const message = from(sender);
    const found = feedOf(feeds, message);
    expect([found.name, sourceOf(found, message)]).toEqual([feed, source]);
  });
});

describe('system URI of an assigning authority', () => {
  const feed = {
    ...defaultFeed,
    authorities: new Map([['MERCY', 'https://mercy.example.org/mrn']]),
  };
  const hd = (namespace: string, universalId = '', universalIdType = '') => ({
    namespace,
    universalId,
    universalIdType,
  });
  it.each([
    [
      'as configured, before its own OID',
      hd('MERCY', '1.2.3', 'ISO'),
      'https://mercy.example.org/mrn',
    ],
    ['an OID', hd('LAB', '2.16.840.1', 'ISO'), 'urn:oid:2.16.840.1'],
    ['a UUID', hd('', 'ABC', 'UUID'), 'urn:uuid:abc'],
    ['a URI', hd('', 'https://x.org/id', 'URI'), 'https://x.org/id'],
    ['a namespace alone', hd('LAB 1'), 'urn:weir:authority:LAB%201'],
    ['nothing: the sender’s (MSH-4)', hd(''), 'https://mercy.example.org/mrn'],
  ])('%s', (_, given, expected) => {
    expect(authorityUri(feed, from('EHR|MERCY'), given)).toBe(expected);
  });

  it('falls back to the feed’s default authority before the sender’s', () => {
    const given = { ...feed, defaultAuthority: 'GROUP' };
    expect(authorityUri(given, from('EHR|MERCY'), hd(''))).toBe('urn:weir:authority:GROUP');
  });
});

describe('*.feed.yaml', () => {
  it('reads every key', () => {
    const text = [
      'feed: ehr-1',
      'title: The EHR',
      'sender: { application: EHR, facility: MERCY }',
      'zone: America/New_York',
      'authorities: { MERCY: "urn:x" }',
      'defaultAuthority: MERCY',
      'expectedEvery: PT1H',
      'ack: journaled',
      'charset: 8859/1',
      'settings: { useNte: true }',
    ].join('\n');
    expect(parseFeed(text, 'a.feed.yaml')).toEqual({
      faults: [],
      feed: {
        name: 'ehr-1',
        title: 'The EHR',
        sender: { application: 'EHR', facility: 'MERCY' },
        zone: 'America/New_York',
        authorities: new Map([['MERCY', 'urn:x']]),
        defaultAuthority: 'MERCY',
        expectedEveryMs: 3_600_000,
        ackMode: 'journaled',
        charset: '8859/1',
        settings: { useNte: true },
        alarms: alarmSettings({}, 3_600_000),
      },
    });
  });

  it.each([
    ['feed: EHR 1', 'a.feed.yaml:1:7', 'lower-case'],
    ['feed: a\nzone: Mars/Base', 'a.feed.yaml:2:7', 'IANA'],
    ['feed: a\nacks: committed', 'a.feed.yaml:2:7', 'A feed has no acks'],
    ['feed: a\nexpectedEvery: 10 minutes', 'a.feed.yaml:2:16', 'PT10M'],
    ['feed: a\ncharset: klingon', 'a.feed.yaml:2:10', 'charset'],
    ['title: a', 'a.feed.yaml:1:1', 'no name'],
    ['- a', 'a.feed.yaml:1:1', 'a map'],
    ['feed: [', 'a.feed.yaml:1:8', ''],
    ['feed: a\nsender: { app: X }', 'a.feed.yaml:2:9', 'MSH-3'],
  ])('says what is wrong with %j', (text, place, message) => {
    const { feed, faults } = parseFeed(text, 'a.feed.yaml');
    expect(feed).toBeUndefined();
    expect(faults[0]?.place).toBe(place);
    expect(faults[0]?.message).toContain(message);
  });

  it('loads a folder, adds default, and refuses two of one name', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-feeds-'));
    for (const file of ['a', 'b']) await writeFile(join(folder, `${file}.feed.yaml`), 'feed: x\n');
    await writeFile(join(folder, 'notes.txt'), 'none of ours');
    const { feeds, faults } = await loadFeeds(folder);
    expect(feeds.map(({ name }) => name)).toEqual(['x', 'x', 'default']);
    expect(faults).toHaveLength(1);
    await rm(folder, { recursive: true });
  });
});
