import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { dataFile } from '../ops/data-file.ts';
import { openSite } from '../site.ts';
import type { ArchivedStore } from '../store/archive.ts';
import { CopyRefused, copyStore } from '../store/copy.ts';
import { databaseOf, isMongoUrl, withoutPassword } from '../store/mongodb/address.ts';
import { openMongoStore } from '../store/mongodb/open.ts';
import { StoreOpenError } from '../store/open-error.ts';
import { registeredIndexing } from '../store/reindex.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { ParsedArguments } from './arguments.ts';
import { copyProgress } from './copy-progress.ts';
import { exitCode, UsageError } from './io.ts';
import type { CliIo, ExitCode } from './io.ts';
import { root } from './root.ts';

/**
 * `weir store copy FROM TO`: moves a whole site from one store into another, empty one. Ended half-way it goes on
 * when it is run again. Prints what it found on both sides, as JSON; exit 1 where they are not equal.
 */
export async function storeCopyCommand(
  config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const [from, to] = places(config, args.positional);
  await openSite({ root, folder: config.site, zone: config.zone });
  try {
    return await withStore(from, (source) =>
      withStore(to, async (target) => {
        const { onProgress, end } = copyProgress(io.stderr);
        const proof = await copyStore({
          ...{ source, target, sourceName: from.name, onProgress },
          ...registeredIndexing(),
        }).finally(end);
        io.stdout.write(`${JSON.stringify({ from: from.name, to: to.name, ...proof })}\n`);
        return proof.equal ? exitCode.done : exitCode.no;
      }),
    );
  } catch (error) {
    if (!(error instanceof CopyRefused) && !(error instanceof StoreOpenError)) throw error;
    io.stderr.write(`${error.message}\n`);
    return exitCode.no;
  }
}

/** A store that can be opened; `name` tells which it is without what opens it. */
interface Place {
  readonly name: string;
  readonly open: () => Promise<ArchivedStore>;
}

function places(config: Config, [from, to, ...more]: readonly string[]): [Place, Place] {
  if (from === undefined || to === undefined || more.length > 0) {
    throw new UsageError('store copy takes two stores: sqlite:PATH, mongodb://... or store');
  }
  const [source, target] = [placeOf(config, from), placeOf(config, to)];
  if (source.name === target.name) throw new UsageError('A store cannot be copied into itself');
  if (source.file !== undefined && !existsSync(source.file)) {
    throw new UsageError(`There is no store ${source.file}`);
  }
  return [source, target];
}

/** `store` is the one of the settings: an address there is not seen by other users of the machine. */
function placeOf(config: Config, text: string): Place & { readonly file?: string } {
  if (text === 'store') {
    return placeOf(config, config.store === 'sqlite' ? `sqlite:${config.data}` : config.store);
  }
  if (isMongoUrl(text)) {
    return { name: mongoName(text), open: () => openMongoStore({ url: text }) };
  }
  const path = /^sqlite:(.+)$/.exec(text)?.[1];
  if (path === undefined) {
    throw new UsageError(
      'A store to copy is sqlite:PATH (a data folder or its file), mongodb://..., or store (that of the settings)',
    );
  }
  const { file: inFolder, key } = dataFile({ ...config, data: resolve(path) });
  const file = extname(path) === '.db' ? resolve(path) : inFolder;
  return {
    file,
    name: `sqlite:${file}`,
    open: () => openSqliteStore({ file, ...(key === undefined ? {} : { key }) }),
  };
}

/** The same for an address with and without the name of the database that is the default. */
function mongoName(url: string): string {
  const [server = ''] = /^[^/]*\/\/[^/]*/.exec(withoutPassword(url)) ?? [];
  return `${server}/${databaseOf(url)}`;
}

async function withStore<Answer>(
  place: Place,
  work: (store: ArchivedStore) => Promise<Answer>,
): Promise<Answer> {
  const store = await place.open();
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
