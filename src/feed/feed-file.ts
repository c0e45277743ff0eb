import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Duration, IANAZone } from 'luxon';
import { isMap, isScalar, LineCounter, parseDocument, type Node } from 'yaml';
import { iconvName } from '../hl7v2/charset.ts';
import { present } from '../hl7v2/present.ts';
import { alarmFault, alarmSettings } from './alarm-settings.ts';
import { limits } from '../limits.ts';
import { defaultFeed, type Feed } from './feed.ts';
import { isPosition } from './message-fields.ts';

/** A fault in a feed file, at `file:line:column`. */
export interface FeedFault {
  readonly place: string;
  readonly message: string;
}

/** Every `*.feed.yaml` of a folder, by name; `default` is added where no file gives it. */
export async function loadFeeds(
  folder: string,
): Promise<{ readonly feeds: readonly Feed[]; readonly faults: readonly FeedFault[] }> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.feed.yaml')).sort();
  const read = await Promise.all(
    names.map(async (name) => parseFeed(await readFile(join(folder, name), 'utf8'), name)),
  );
  const feeds = read.flatMap(({ feed }) => feed ?? []);
  const faults = [...read.flatMap((each) => each.faults), ...duplicates(feeds)];
  const hasDefault = feeds.some(({ name }) => name === defaultFeed.name);
  return { feeds: hasDefault ? feeds : [...feeds, defaultFeed], faults };
}

/** Reads one feed file. `feed` is absent where it cannot be used. */
export function parseFeed(
  text: string,
  file: string,
): { readonly feed?: Feed; readonly faults: readonly FeedFault[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { version: '1.2', schema: 'core', lineCounter: lines });
  const faults: FeedFault[] = document.errors.map(({ message, pos }) => ({
    place: placeOf(file, lines, pos[0]),
    message,
  }));
  if (faults.length > 0) return { faults };
  const root = document.contents;
  if (!isMap(root)) {
    return {
      faults: [{ place: `${file}:1:1`, message: 'A feed file is a map that begins feed:' }],
    };
  }
  const values: Record<string, unknown> = {};
  for (const { key, value } of root.items) {
    const name = isScalar(key) ? String(key.value) : '';
    const given: unknown = (value as Node | null)?.toJS(document);
    const fault = Object.hasOwn(keys, name) ? keys[name]?.(given) : unknownKey(name);
    const offset = (value as Node | null)?.range?.[0] ?? 0;
    if (fault === undefined) values[name] = given;
    else faults.push({ place: placeOf(file, lines, offset), message: fault });
  }
  if (values['feed'] === undefined && faults.length === 0) {
    faults.push({ place: `${file}:1:1`, message: 'The feed has no name; begin with feed: NAME' });
  }
  return faults.length > 0 ? { faults } : { feed: feedFrom(values), faults };
}

function feedFrom(values: Readonly<Record<string, unknown>>): Feed {
  const name = values['feed'] as string;
  const expectedEvery = values['expectedEvery'] as string | undefined;
  const expectedEveryMs =
    expectedEvery === undefined ? undefined : Duration.fromISO(expectedEvery).toMillis();
  return {
    name,
    title: (values['title'] as string | undefined) ?? name,
    authorities: new Map(Object.entries((values['authorities'] ?? {}) as Record<string, string>)),
    ackMode: (values['ack'] ?? 'committed') as Feed['ackMode'],
    settings: (values['settings'] ?? {}) as Feed['settings'],
    alarms: alarmSettings(values['alarms'] ?? {}, expectedEveryMs),
    ...present({
      sender: values['sender'] as Feed['sender'],
      receiver: values['receiver'] as Feed['receiver'],
      messages: values['messages'] as Feed['messages'],
      certificates: (values['certificates'] as string[] | undefined)?.map((each) =>
        each.toUpperCase(),
      ),
      mllp: values['mllp'] as Feed['mllp'],
      zone: values['zone'] as string | undefined,
      defaultAuthority: values['defaultAuthority'] as string | undefined,
      onFailure: values['onFailure'] as Feed['onFailure'],
      sequence: values['sequence'] as boolean | undefined,
      folder: values['folder'] as string | undefined,
      passOnly: values['passOnly'] as boolean | undefined,
      applicationAck: answerWay(values['applicationAck']),
      charset: values['charset'] as string | undefined,
      index: values['index'] as readonly string[] | undefined,
      expectedEveryMs,
    }),
  };
}

type Check = (value: unknown) => string | undefined;

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const must =
  (holds: (value: unknown) => boolean, message: string): Check =>
  (value) =>
    holds(value) ? undefined : message;

/** Every key of a feed file and what is wrong with a value. */
const keys: Readonly<Record<string, Check>> = {
  feed: must(
    (value) => isText(value) && /^[a-z0-9][a-z0-9-]{0,63}$/.test(value),
    'A feed is named by lower-case letters, digits and hyphens',
  ),
  title: must(isText, 'title is a text'),
  sender: must(
    (value) => isTextMap(value, ['application', 'facility']),
    'sender is { application: MSH-3, facility: MSH-4 }',
  ),
  receiver: must(
    (value) => isTextMap(value, ['application', 'facility']),
    'receiver is { application: MSH-5, facility: MSH-6 }',
  ),
  messages: must(
    (value) => isTextList(value, /^[A-Z][A-Z0-9]{2}(\^[A-Z0-9]{1,3})?$/),
    'messages is a list of types such as ADT or ORU^R01',
  ),
  certificates: must(
    (value) => isTextList(value, /^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/i),
    'certificates is a list of SHA-256 fingerprints such as AB:CD:...',
  ),
  mllp: (value) => {
    if (!isTextMap(value, ['listen', 'keyFile', 'certFile', 'caFile'])) {
      return 'mllp is { listen: HOST:PORT, keyFile: FILE, certFile: FILE, caFile: FILE }';
    }
    const port = value as Feed['mllp'];
    if (port?.listen === undefined || !/:\d{1,5}$/.test(port.listen)) {
      return 'mllp needs listen: HOST:PORT';
    }
    const isTls = port.keyFile !== undefined;
    if (isTls !== (port.certFile !== undefined) || (port.caFile !== undefined && !isTls)) {
      return 'TLS needs keyFile and certFile; caFile asks clients for a certificate of theirs';
    }
    return undefined;
  },
  zone: must(
    (value) => isText(value) && IANAZone.isValidZone(value),
    'zone is an IANA zone such as Europe/Rome',
  ),
  authorities: must((value) => isTextMap(value), 'authorities is a map of namespace to URI'),
  defaultAuthority: must(isText, 'defaultAuthority is a namespace'),
  expectedEvery: must(
    (value) => isText(value) && Duration.fromISO(value).isValid,
    'expectedEvery is a duration such as PT10M',
  ),
  ack: must(
    (value) => value === 'committed' || value === 'journaled',
    'ack is committed or journaled',
  ),
  onFailure: must(
    (value) => value === 'park-message' || value === 'park-patient' || value === 'stop-feed',
    'onFailure is park-message, park-patient or stop-feed',
  ),
  sequence: must((value) => typeof value === 'boolean', 'sequence is true or false'),
  folder: must(
    (value) => isText(value) && !value.includes('\0') && !value.split(/[\\/]/).includes('..'),
    'folder is a path, absolute or within the site folder, without ..',
  ),
  passOnly: must((value) => typeof value === 'boolean', 'passOnly is true or false'),
  applicationAck: must(
    (value) => isText(value) || isAnswerWay(value),
    'applicationAck is a destination, or { destination: NAME, when: always | gone }',
  ),
  charset: must(
    (value) => isText(value) && iconvName(value) !== undefined,
    'charset is not known; use a name of HL7 table 0211 or such as windows-1252',
  ),
  alarms: alarmFault,
  index: must(
    isIndex,
    `index is a list of at most ${String(limits.feedIndexMax)} positions such as ZPI-2 or PV1-3.1`,
  ),
  settings: must(isScalarMap, 'settings is a map of name to text, number or true/false'),
};

function isAnswerWay(value: unknown): value is Readonly<Record<string, string>> {
  if (!isTextMap(value, ['destination', 'when'])) return false;
  const { destination, when = 'always' } = value as Readonly<Record<string, string>>;
  return destination !== undefined && (when === 'always' || when === 'gone');
}

function answerWay(value: unknown): Feed['applicationAck'] {
  if (isText(value)) return { destination: value, when: 'always' };
  if (!isAnswerWay(value)) return undefined;
  return {
    destination: value['destination'] ?? '',
    when: value['when'] === 'gone' ? 'gone' : 'always',
  };
}

function isIndex(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length <= limits.feedIndexMax &&
    value.every((item) => typeof item === 'string' && isPosition(item))
  );
}

function unknownKey(name: string): string {
  return `A feed has no ${name}; it has ${Object.keys(keys).join(', ')}`;
}

function isTextMap(value: unknown, names?: readonly string[]): boolean {
  return (
    isScalarMap(value) &&
    Object.entries(value).every(
      ([name, text]) => isText(text) && (names === undefined || names.includes(name)),
    )
  );
}

function isTextList(value: unknown, form: RegExp): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item) => typeof item === 'string' && form.test(item))
  );
}

function isScalarMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((item) => ['string', 'number', 'boolean'].includes(typeof item))
  );
}

function placeOf(file: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${file}:${line}:${col}`;
}

function duplicates(feeds: readonly Feed[]): readonly FeedFault[] {
  const names = feeds.map(({ name }) => name);
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))].map((name) => ({
    place: `${name}.feed.yaml`,
    message: `There are two feeds named ${name}`,
  }));
}
