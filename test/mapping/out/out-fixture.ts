import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { destinationTo } from '../../feed/destination/destination-fixture.ts';
import { composer, type Composed } from '../../../src/feed/destination/compose.ts';
import type { Destination } from '../../../src/feed/destination/destination.ts';
import { authorityUri, defaultFeed } from '../../../src/feed/feed.ts';
import type { IdentifiedResource } from '../../../src/fhir/resource.ts';
import { decodeFrame } from '../../../src/hl7v2/charset.ts';
import type { Message } from '../../../src/hl7v2/message.ts';
import { parseMessage } from '../../../src/hl7v2/parse.ts';
import { readMapFiles } from '../../../src/map-files.ts';
import { readOutMaps } from '../../../src/mapping/out/read-out-maps.ts';
import { compilePack, selectMap } from '../../../src/mapping/pack.ts';
import { runMap } from '../../../src/mapping/run/run-map.ts';
import { openMemoryStore } from '../../../src/store/memory.ts';

const { pack } = compilePack(await readMapFiles([{ folder: 'mappings', shownAs: 'mappings' }]));
const folder = 'mappings/out';
const names = await readdir(folder);
export const outFiles = await Promise.all(
  names.map(async (name) => ({
    path: join(folder, name),
    text: await readFile(join(folder, name), 'utf8'),
  })),
);
const read = readOutMaps(outFiles);
if (read.issues.length > 0) throw new Error(JSON.stringify(read.issues, null, 1));
export const outMaps = read.maps;

export function parse(text: string): Message {
  const { message } = parseMessage(text);
  if (!message) throw new Error('No message');
  return message;
}

/** What the base pack makes of a message, each with an id, and references to those. */
export function resourcesOf(message: Message): readonly IdentifiedResource[] {
  if (!pack) throw new Error('The base pack is faulty');
  const map = selectMap(pack, message, 'default');
  if (typeof map === 'string') throw new Error(map);
  const result = runMap(map, message, {
    feed: 'default',
    receivedAt: '2026-05-01T00:00:00Z',
    authority: (hd) => authorityUri(defaultFeed, message, hd),
    settings: {},
    zone: 'UTC',
  });
  const references = new Map(
    result.resources.map(({ fullUrl, resource }, index) => [
      fullUrl,
      `${resource.resourceType}/r${String(index)}`,
    ]),
  );
  const text = (resource: unknown): string =>
    [...references].reduce(
      (all, [url, reference]) => all.replaceAll(`"${url}"`, `"${reference}"`),
      JSON.stringify(resource),
    );
  return result.resources.map(({ resource }, index) => ({
    ...(JSON.parse(text(resource)) as IdentifiedResource),
    id: `r${String(index)}`,
  }));
}

/** What a map makes of a change. */
export async function compose(
  map: string,
  current: IdentifiedResource,
  given: {
    readonly others?: readonly IdentifiedResource[];
    readonly before?: IdentifiedResource;
    readonly destination?: Partial<Destination>;
  } = {},
): Promise<Composed | undefined> {
  const store = openMemoryStore();
  const changes = (given.others ?? []).map((resource) => ({
    op: 'put' as const,
    resource,
    index: [],
  }));
  await store.commit({ now: new Date(), origin: 'test', changes });
  const { before } = given;
  const change = {
    current,
    at: new Date('2026-05-01T10:00:00Z'),
    reference: `${current.resourceType}/${current.id}/_history/1`,
    ...(before === undefined ? {} : { before }),
  };
  const destination = destinationTo(1, given.destination);
  return composer(store, outMaps)(change, { destination, rule: { map }, id: 'id-00000001' });
}

/** Its segments after MSH. */
export function linesOf(composed: Composed | undefined): readonly string[] {
  const { text } = decodeFrame(composed?.bytes ?? new Uint8Array());
  return text.split('\r').slice(1, -1);
}
