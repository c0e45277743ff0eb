import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { defaultFeed, type Feed } from '../feed/feed.ts';
import { loadFeeds } from '../feed/feed-file.ts';
import { readMapFiles, readOutMapFiles, type MapFolder } from '../map-files.ts';
import type { CompileMemory } from '../mapping/compile-memory.ts';
import { compilePack, type CompiledPack } from '../mapping/pack.ts';
import type { MapFile } from '../mapping/language/yaml-tree.ts';
import type { MapIssue } from '../mapping/map-issue.ts';
import { readOutMaps } from '../mapping/out/read-out-maps.ts';
import { UsageError } from './io.ts';
import { root } from './root.ts';

export interface MapSources {
  /** The site's folder; empty: the base pack alone. */
  readonly site: string;
  /** Zone of feeds that name none. */
  readonly zone: string;
  /** An overlay file besides those of the site. */
  readonly overlay?: string;
  /** More folders or files with maps. */
  readonly more?: readonly string[];
  /** Files that were read before, by path: what has not changed since is not read through again. */
  readonly known?: Map<string, MapFile>;
  /** What was compiled of them. */
  readonly memory?: CompileMemory;
}

export interface OpenedMaps {
  /** Absent where there is any fault. */
  readonly pack?: CompiledPack;
  readonly feeds: readonly Feed[];
  readonly faults: readonly MapIssue[];
}

/** Reads and compiles the base pack, the site's maps and overlays, and its feeds. */
export async function openMaps(sources: MapSources): Promise<OpenedMaps> {
  const { site, zone, overlay, more = [] } = sources;
  const own = site === '' ? [] : [join(site, 'mappings')].filter((place) => existsSync(place));
  const folders = [join(root, 'mappings'), ...own].map(asTyped);
  const files = [...(await readMapFiles(folders))];
  for (const path of [...more, ...(overlay === undefined ? [] : [overlay])]) {
    files.push(...(await readAnyMap(path)));
  }
  // A file that is named twice counts once.
  const shown = new Map(files.map((file) => [file.path, unchanged(file, sources.known)]));
  const feeds = await readFeeds(site, zone);
  const { pack, issues } = compilePack([...shown.values()], sources.memory);
  const out = readOutMaps(await readOutMapFiles(folders));
  if (out.issues.length > 0) return { feeds, faults: [...issues, ...out.issues] };
  return { ...(pack && { pack }), feeds, faults: issues };
}

function unchanged(file: MapFile, known: Map<string, MapFile> | undefined): MapFile {
  const earlier = known?.get(file.path);
  if (earlier?.text === file.text) return earlier;
  known?.set(file.path, file);
  return file;
}

async function readAnyMap(path: string): Promise<readonly { path: string; text: string }[]> {
  if (!existsSync(path)) throw new UsageError(`There is no ${path}`);
  return path.endsWith('.yaml')
    ? [{ path: shownPath(path), text: await readFile(path, 'utf8') }]
    : await readMapFiles([asTyped(path)]);
}

function asTyped(folder: string): MapFolder {
  return { folder, shownAs: shownPath(folder) };
}

/** As one would type it here. */
function shownPath(path: string): string {
  const here = relative(process.cwd(), path);
  return here === '' || here.startsWith('..') ? path : here;
}

async function readFeeds(site: string, zone: string): Promise<readonly Feed[]> {
  const folder = join(site, 'feeds');
  if (site === '' || !existsSync(folder)) return [{ zone, ...defaultFeed }];
  const { feeds, faults } = await loadFeeds(folder);
  const [fault] = faults;
  if (fault) throw new UsageError(`${fault.place} ${fault.message}`);
  return feeds.map((feed) => ({ zone, ...feed }));
}

/** `file:line:column: sentence`, one per line. */
export function faultLines(faults: readonly MapIssue[]): string {
  return faults
    .map(
      ({ file, line, column, message }) =>
        `${file}:${String(line)}:${String(column)}: ${message}\n`,
    )
    .join('');
}
