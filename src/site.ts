import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { loadRules } from './engage/rules.ts';
import type { EngageOptions } from './engage/start.ts';
import { defaultFeed } from './feed/feed.ts';
import type { Feed } from './feed/feed.ts';
import { loadFeeds } from './feed/feed-file.ts';
import { mapWith } from './feed/map-message.ts';
import type { Pipeline } from './feed/process.ts';
import { fail } from './fhir/issue.ts';
import { feedOf } from './fhir/message-source.ts';
import { readMapFiles, type MapFolder } from './map-files.ts';
import { compilePack } from './mapping/pack.ts';
import type { CompiledPack } from './mapping/pack.ts';

/** What a site's folder gives to the rooms. */
interface Site {
  readonly feeding: Pick<Pipeline, 'feeds' | 'map'>;
  readonly engaging: Pick<EngageOptions, 'rules' | 'zoneOf'>;
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
 * Reads feeds, maps and rules. A fault in any of them stops the start, with every place named: a server
 * that runs with half of its maps would lose messages in silence.
 */
export async function openSite(options: SiteOptions): Promise<Site> {
  const feeds = await readFeeds(options);
  const pack = await readPack(options);
  const zones = new Map(feeds.map(({ name, zone }) => [name, zone]));
  return {
    feeding: { feeds: () => feeds, map: mapWith(pack) },
    engaging: {
      rules: await loadRules(foldersOf(options, 'automations')),
      zoneOf: (resource) => zones.get(feedOf(resource) ?? ''),
    },
  };
}

async function readFeeds({ folder, zone }: SiteOptions): Promise<readonly Feed[]> {
  const place = join(folder, 'feeds');
  const { feeds, faults } =
    folder !== '' && existsSync(place)
      ? await loadFeeds(place)
      : { feeds: [defaultFeed], faults: [] };
  refuseFaults(faults.map((fault) => `${fault.place} ${fault.message}`));
  return feeds.map((feed) => ({ zone, ...feed }));
}

async function readPack(options: SiteOptions): Promise<CompiledPack> {
  const { pack, issues } = compilePack(await readMapFiles(mapFolders(options)));
  refuseFaults(
    issues.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`),
  );
  return pack ?? fail('exception', 'The base pack has no maps');
}

/** What senders get to see of the maps' places must not tell where on the machine they are. */
function mapFolders(options: SiteOptions): readonly MapFolder[] {
  const [base = '', ...own] = foldersOf(options, 'mappings');
  const site = basename(resolve(options.folder));
  return [
    { folder: base, shownAs: 'mappings' },
    ...own.map((folder) => ({ folder, shownAs: join(site, 'mappings') })),
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
