import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Duration, IANAZone } from 'luxon';
import { isMap, isScalar, LineCounter, parseDocument, type Node } from 'yaml';
import { iconvName } from '../hl7v2/charset.ts';
import { present } from '../hl7v2/present.ts';
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
  return {
    name,
    title: (values['title'] as string | undefined) ?? name,
    authorities: new Map(Object.entries((values['authorities'] ?? {}) as Record<string, string>)),
    ackMode: (values['ack'] ?? 'committed') as Feed['ackMode'],
    settings: (values['settings'] ?? {}) as Feed['settings'],
    ...present({
      sender: values['sender'] as Feed['sender'],
      zone: values['zone'] as string | undefined,
      defaultAuthority: values['defaultAuthority'] as string | undefined,
      sequence: values['sequence'] as boolean | undefined,
      passOnly: values['passOnly'] as boolean | undefined,
      applicationAck: answerWay(values['applicationAck']),
      charset: values['charset'] as string | undefined,
      index: values['index'] as readonly string[] | undefined,
      expectedEveryMs:
        expectedEvery === undefined ? undefined : Duration.fromISO(expectedEvery).toMillis(),
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
  sequence: must((value) => typeof value === 'boolean', 'sequence is true or false'),
  passOnly: must((value) => typeof value === 'boolean', 'passOnly is true or false'),
  applicationAck: must(
    (value) => isText(value) || isAnswerWay(value),
    'applicationAck is a destination, or { destination: NAME, when: always | gone }',
  ),
  charset: must(
    (value) => isText(value) && iconvName(value) !== undefined,
    'charset is not known; use a name of HL7 table 0211 or such as windows-1252',
  ),
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
