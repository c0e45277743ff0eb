/** Reads `*.destination.yaml` files; a fault is told with file, line and column. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultEncoding, readEncoding } from '../../hl7v2/encoding.ts';
import { iconvName } from '../../hl7v2/charset.ts';
import { present } from '../../hl7v2/present.ts';
import { TreeReader } from '../../mapping/language/tree-reader.ts';
import { readYaml } from '../../mapping/language/yaml-tree.ts';
import { MapIssues, type MapIssue } from '../../mapping/map-issue.ts';
import type { ClientTls, Destination, MaintenanceWindow, Party } from './destination.ts';
import { readPasses, readSends, type SendNeeds } from './destination-rules.ts';
import { clockMinute, durationMs, number, scalars, zone } from './destination-values.ts';

export interface DestinationNeeds extends SendNeeds {
  /** The names of the site's feeds. */
  readonly feeds: ReadonlySet<string>;
}

const suffix = '.destination.yaml';

/** Every destination of a folder, by name. */
export async function loadDestinations(
  folder: string,
  needs: DestinationNeeds & { readonly shownAs: string },
): Promise<{
  readonly destinations: readonly Destination[];
  readonly faults: readonly MapIssue[];
}> {
  const issues = new MapIssues();
  const destinations: Destination[] = [];
  const names = (await readdir(folder)).filter((name) => name.endsWith(suffix)).sort();
  for (const name of names) {
    const path = join(needs.shownAs, name);
    const text = await readFile(join(folder, name), 'utf8');
    const reader = new DestinationReader({ path, text }, issues, needs);
    const read = reader.read();
    if (read === undefined) continue;
    if (destinations.some((other) => other.name === read.name)) {
      issues.add({ file: path, line: 1, column: 1 }, `There are two destinations ${read.name}`);
    }
    const tls = await reader.readTls(folder);
    destinations.push({ ...read, ...present({ tls }) });
  }
  return { destinations, faults: issues.list() };
}

/** A destination of one file, without its certificates; undefined where it cannot be used. */
export function parseDestination(
  file: { readonly path: string; readonly text: string },
  needs: DestinationNeeds,
): { readonly destination?: Destination; readonly faults: readonly MapIssue[] } {
  const issues = new MapIssues();
  const destination = new DestinationReader(file, issues, needs).read();
  return { ...(issues.count === 0 ? present({ destination }) : {}), faults: issues.list() };
}

const keys = [
  ...['destination', 'title', 'address', 'tls', 'sending', 'receiving', 'version', 'processing'],
  ...['charset', 'encodingCharacters', 'zone', 'authorities', 'send', 'pass', 'feeds', 'echo'],
  ...['ack', 'connectWithin', 'answerWithin', 'retry', 'held', 'maintenance'],
];

const second = 1_000;
const defaults = {
  connectTimeoutMs: 10 * second,
  answerTimeoutMs: 30 * second,
  retry: { firstMs: second, mostMs: 300 * second, errorsMax: 3, breakAfter: 5 },
};

class DestinationReader {
  readonly #issues: MapIssues;
  readonly #needs: DestinationNeeds;
  readonly #body: TreeReader | undefined;

  constructor(
    file: { readonly path: string; readonly text: string },
    issues: MapIssues,
    needs: DestinationNeeds,
  ) {
    this.#issues = issues;
    this.#needs = needs;
    const tree = readYaml(file, issues);
    this.#body = tree && new TreeReader(tree, issues);
  }

  read(): Destination | undefined {
    const body = this.#body;
    if (body === undefined) return undefined;
    body.expectKeys(keys, 'a destination');
    const name = this.#name(body);
    const address = this.#address(body);
    const destination = {
      ...address,
      ...this.#header(body),
      ...this.#manners(body),
      authorities: scalars(body, 'authorities'),
      sends: readSends(body, this.#needs),
      passes: readPasses(body, this.#needs.feeds),
      feeds: this.#feeds(body),
      echo: body.flag('echo'),
    };
    if (name === undefined || address === undefined) return undefined;
    return { name, title: body.text('title')?.value ?? name, ...address, ...destination };
  }

  /** The texts of the files that `tls` names, relative to the folder. */
  async readTls(folder: string): Promise<ClientTls | undefined> {
    const tls = this.#body?.map('tls');
    if (tls === undefined) return undefined;
    tls.expectKeys(['ca', 'cert', 'key', 'serverName'], 'tls');
    const read = async (key: string): Promise<string | undefined> => {
      const file = tls.text(key);
      if (file === undefined) return undefined;
      try {
        return await readFile(join(folder, file.value), 'utf8');
      } catch {
        this.#issues.add(file.place, `\`${key}\` names a file that cannot be read`);
        return undefined;
      }
    };
    const [ca, cert, key] = [await read('ca'), await read('cert'), await read('key')];
    if (tls.has('cert') !== tls.has('key')) {
      this.#issues.add(tls.place, '`cert` and `key` belong together; give both');
    }
    return present({ ca, cert, key, serverName: tls.text('serverName')?.value });
  }

  #name(body: TreeReader): string | undefined {
    const name = body.text('destination');
    if (name === undefined) {
      this.#issues.add(body.place, 'The destination has no name; begin with destination: NAME');
      return undefined;
    }
    if (/^[a-z0-9][a-z0-9-]{0,63}$/.test(name.value)) return name.value;
    const text = 'A destination is named by lower-case letters, digits and hyphens';
    this.#issues.add(name.place, text);
    return undefined;
  }

  #address(body: TreeReader): { readonly host: string; readonly port: number } | undefined {
    const address = body.text('address');
    const match = /^(.+):(\d{1,5})$/.exec(address?.value ?? '');
    const [, host = '', port = ''] = match ?? [];
    if (match && Number(port) > 0 && Number(port) < 65_536) {
      return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
    }
    const text = 'A destination has an `address` such as ris.example:2575';
    this.#issues.add(address?.place ?? body.place, text);
    return undefined;
  }

  #header(body: TreeReader) {
    const charset = body.text('charset');
    if (charset !== undefined && iconvName(charset.value) === undefined) {
      this.#issues.add(charset.place, 'charset is a name of HL7 table 0211, such as UNICODE UTF-8');
    }
    const version = body.text('version');
    if (version !== undefined && !/^2\.\d(\.\d)?$/.test(version.value)) {
      this.#issues.add(version.place, 'version is such as 2.5.1');
    }
    return {
      sending: this.#party(body, 'sending', { application: 'WEIR', facility: '' }),
      receiving: this.#party(body, 'receiving', { application: '', facility: '' }),
      version: version?.value ?? '2.5.1',
      processingId: body.textOf('processing', ['P', 'T', 'D']) ?? 'P',
      encoding: this.#encoding(body),
      ...present({ charset: charset?.value, zone: zone(body, 'zone') }),
    };
  }

  #party(body: TreeReader, key: string, byDefault: Party): Party {
    const party = body.map(key);
    party?.expectKeys(['application', 'facility'], key);
    return {
      application: party?.text('application')?.value ?? byDefault.application,
      facility: party?.text('facility')?.value ?? byDefault.facility,
    };
  }

  #encoding(body: TreeReader): Destination['encoding'] {
    const given = body.text('encodingCharacters');
    if (given === undefined) return defaultEncoding;
    const { encoding, issues } = readEncoding(`MSH${given.value}${given.value.charAt(0)}`);
    if (encoding !== undefined && issues.length === 0 && given.value.length >= 5) return encoding;
    this.#issues.add(
      given.place,
      'encodingCharacters are five, such as "|^~\\\\&": MSH-1 and MSH-2',
    );
    return defaultEncoding;
  }

  #manners(body: TreeReader) {
    const retry = body.map('retry');
    retry?.expectKeys(['first', 'most', 'errors', 'breakAfter'], 'retry');
    const { connectTimeoutMs, answerTimeoutMs, retry: byDefault } = defaults;
    return {
      ack: body.textOf('ack', ['original', 'accept', 'application']) ?? 'original',
      whenHeld: body.textOf('held', ['block', 'aside']) ?? 'block',
      connectTimeoutMs: durationMs(body, 'connectWithin') ?? connectTimeoutMs,
      answerTimeoutMs: durationMs(body, 'answerWithin') ?? answerTimeoutMs,
      retry: {
        firstMs: durationMs(retry, 'first') ?? byDefault.firstMs,
        mostMs: durationMs(retry, 'most') ?? byDefault.mostMs,
        errorsMax: number(retry, 'errors', 0) ?? byDefault.errorsMax,
        breakAfter: number(retry, 'breakAfter', 1) ?? byDefault.breakAfter,
      },
      maintenance: this.#maintenance(body),
    } as const;
  }

  #maintenance(body: TreeReader): readonly MaintenanceWindow[] {
    const value = body.value('maintenance');
    if (value === undefined) return [];
    const items = value.kind === 'list' ? value.items : [value];
    return items.flatMap((item) => {
      if (item.kind !== 'map') {
        this.#issues.add(item.place, 'A window is { days: [sat], from: "22:00", to: "02:00" }');
        return [];
      }
      const window = new TreeReader(item, this.#issues);
      window.expectKeys(['days', 'from', 'to', 'zone'], 'maintenance');
      const [fromMinute, toMinute] = [clockMinute(window, 'from'), clockMinute(window, 'to')];
      const weekdays = window.texts('days').flatMap(({ value: day, place }) => {
        const number = weekdayNames.indexOf(day.toLowerCase().slice(0, 3)) + 1;
        if (number === 0) this.#issues.add(place, `\`${day}\` is no day; write mon, tue, ... sun`);
        return number === 0 ? [] : [number];
      });
      if (fromMinute === undefined || toMinute === undefined) return [];
      const place = zone(window, 'zone') ?? zone(body, 'zone') ?? 'UTC';
      return [{ weekdays, fromMinute, toMinute, zone: place }];
    });
  }

  #feeds(body: TreeReader): readonly string[] {
    return body.texts('feeds').map(({ value, place }) => {
      if (!this.#needs.feeds.has(value)) this.#issues.add(place, `There is no feed ${value}`);
      return value;
    });
  }
}

const weekdayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
