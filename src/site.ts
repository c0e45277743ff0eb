import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { loadRules } from './engage/rules.ts';
import type { EngageOptions } from './engage/start.ts';
import type { Destination } from './feed/destination/destination.ts';
import { loadDestinations } from './feed/destination/destination-file.ts';
import { defaultFeed } from './feed/feed.ts';
import type { Feed, FeedPort } from './feed/feed.ts';
import { loadFeeds } from './feed/feed-file.ts';
import { mapWith } from './feed/map-message.ts';
import type { Pipeline } from './feed/pipeline.ts';
import { fail } from './fhir/issue.ts';
import { feedOf } from './fhir/message-source.ts';
import type { Resource } from './fhir/resource.ts';
import { registerSearchParameters } from './fhir/search-registry.ts';
import type { CustomSearchParameter } from './fhir/search-registry.ts';
import { present } from './hl7v2/present.ts';
import { readMapFiles, readOutMapFiles, type MapFolder } from './map-files.ts';
import { hasRowFor } from './mapping/codes/pack-tables.ts';
import type { OutMap } from './mapping/out/model.ts';
import { readOutMaps } from './mapping/out/read-out-maps.ts';
import type { MapIssue } from './mapping/map-issue.ts';
import { compilePack } from './mapping/pack.ts';
import type { CompiledPack } from './mapping/pack.ts';
import { readProfileFiles } from './profile-files.ts';

/** What a site's folder gives to the rooms. */
export interface Site {
  readonly feeding: Pick<Pipeline, 'feeds' | 'map'>;
  /** Whether the maps have a row for a code. */
  readonly hasRow: (code: {
    readonly feed: string;
    readonly table: string;
    readonly code: string;
  }) => boolean;
  readonly destinations: readonly Destination[];
  /** From FHIR to HL7 v2, by name. */
  readonly outMaps: ReadonlyMap<string, OutMap>;
  readonly engaging: Pick<EngageOptions, 'rules' | 'zoneOf'>;
  /** Beside R4's own. */
  readonly searchParameters: readonly CustomSearchParameter[];
  /** Profiles, code systems, value sets and concept maps of the program and the site. */
  readonly conformance: readonly Resource[];
}

interface SiteOptions {
  /** The folder of the program, with the base pack and the rules that come with it. */
  readonly root: string;
  /** The site's own folder; empty: none. */
  readonly folder: string;
  /** Zone of feeds that name none. */
  readonly zone: string;
}

/**
 * Reads feeds, maps, rules and search parameters; these are the process's from then on. A fault in any of
 * them stops the start, with every place named: a server that runs with half of its maps would lose messages
 * in silence.
 */
export async function openSite(options: SiteOptions): Promise<Site> {
  const { parameters: searchParameters, conformance } = await readProfiles(options);
  // Before the rules, which may search by them, and before anything is indexed.
  registerSearchParameters(searchParameters);
  const feeds = await readFeeds(options);
  const pack = await readPack(options);
  const outMaps = await readOut(options);
  const destinations = await readDestinations(options, { feeds, outMaps });
  const zones = new Map(feeds.map(({ name, zone }) => [name, zone]));
  return {
    feeding: { feeds: () => feeds, map: mapWith(pack) },
    hasRow: (code) => hasRowFor(pack, code),
    destinations,
    outMaps,
    engaging: {
      rules: await loadRules(foldersOf(options, 'automations')),
      zoneOf: (resource) => zones.get(feedOf(resource) ?? ''),
    },
    searchParameters,
    conformance: [...pack.conceptMaps, ...conformance],
  };
}

async function readFeeds({ folder, zone }: SiteOptions): Promise<readonly Feed[]> {
  const place = join(folder, 'feeds');
  const { feeds, faults } =
    folder !== '' && existsSync(place)
      ? await loadFeeds(place)
      : { feeds: [defaultFeed], faults: [] };
  refuseFaults(faults.map((fault) => `${fault.place} ${fault.message}`));
  return feeds.map((feed) => ({
    zone,
    ...feed,
    ...(feed.folder === undefined ? {} : { folder: resolve(folder, feed.folder) }),
    ...(feed.mllp === undefined ? {} : { mllp: portOf(feed.mllp, folder) }),
  }));
}

/** With the files where they are. */
function portOf({ listen, ...files }: FeedPort, folder: string): FeedPort {
  const { keyFile, certFile, caFile } = files;
  const place = (file: string | undefined) => (file === undefined ? file : resolve(folder, file));
  const places = { keyFile: place(keyFile), certFile: place(certFile), caFile: place(caFile) };
  return { listen, ...present(places) };
}

async function readOut(options: SiteOptions): Promise<ReadonlyMap<string, OutMap>> {
  const { maps, issues } = readOutMaps(await readOutMapFiles(shownFolders(options, 'mappings')));
  refuseFaults(issues.map(placed));
  return maps;
}

/** Identifiers are written with the namespaces that the feeds use too, unless the destination has its own. */
async function readDestinations(
  { folder }: SiteOptions,
  given: { readonly feeds: readonly Feed[]; readonly outMaps: ReadonlyMap<string, OutMap> },
): Promise<readonly Destination[]> {
  const { feeds, outMaps } = given;
  const place = join(folder, 'destinations');
  const isThere = folder !== '' && existsSync(place);
  const maps = new Map([...outMaps].map(([name, { resource }]) => [name, resource]));
  const needs = { maps, feeds: new Set(feeds.map(({ name }) => name)), shownAs: 'destinations' };
  const { destinations, faults } = isThere
    ? await loadDestinations(place, needs)
    : { destinations: [], faults: [] };
  refuseFaults([...faults.map(placed), ...unknownDestinations(feeds, destinations)]);
  const shared = feeds.flatMap(({ authorities }) => [...authorities]);
  return destinations.map((each) => ({
    ...each,
    authorities: new Map([...shared, ...each.authorities]),
  }));
}

function unknownDestinations(
  feeds: readonly Feed[],
  destinations: readonly Destination[],
): readonly string[] {
  const names = new Set(destinations.map(({ name }) => name));
  return feeds.flatMap(({ name, applicationAck }) =>
    applicationAck === undefined || names.has(applicationAck.destination)
      ? []
      : [`${name}.feed.yaml applicationAck names no destination: ${applicationAck.destination}`],
  );
}

function placed({ file, line, column, message }: MapIssue): string {
  return `${file}:${line}:${column} ${message}`;
}

async function readProfiles(options: SiteOptions) {
  const { faults, ...read } = await readProfileFiles(shownFolders(options, 'profiles'));
  refuseFaults(faults);
  return read;
}

async function readPack(options: SiteOptions): Promise<CompiledPack> {
  const { pack, issues } = compilePack(await readMapFiles(shownFolders(options, 'mappings')));
  refuseFaults(issues.map(placed));
  return pack ?? fail('exception', 'The base pack has no maps');
}

/** What senders get to see of the maps' places must not tell where on the machine they are. */
function shownFolders(options: SiteOptions, name: string): readonly MapFolder[] {
  const [base = '', ...own] = foldersOf(options, name);
  const site = basename(resolve(options.folder));
  return [
    { folder: base, shownAs: name },
    ...own.map((folder) => ({ folder, shownAs: join(site, name) })),
  ];
}

/** The program's folder first, then the site's, which adds to it or overrides it. */
function foldersOf({ root, folder }: SiteOptions, name: string): string[] {
  const own = folder === '' ? [] : [join(folder, name)].filter((place) => existsSync(place));
  return [join(root, name), ...own];
}

function refuseFaults(faults: readonly string[]): void {
  if (faults.length > 0) throw new Error(faults.join('\n'));
}
