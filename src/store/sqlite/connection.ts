import Database from 'better-sqlite3-multiple-ciphers';
import { existsSync, statSync } from 'node:fs';
import { limits } from '../../limits.ts';
import { StoreOpenError } from '../open-error.ts';
import { sqliteCode } from './fault.ts';
import { defineFunctions } from './functions.ts';
import { applicationId, migrate, schemaVersion } from './schema.ts';

export interface ConnectionOptions {
  readonly file: string;
  /** Encrypts the file at rest. */
  readonly key?: string;
  /** Bound of the data file; past it writes answer `storage-full`. Absent: the disk is the bound. */
  readonly maxBytes?: number;
}

const pageBytes = 8192;

/** Of the one connection that takes commits. */
export function openWriterConnection(options: ConnectionOptions): Database {
  const db = openConnection(options);
  keepPages(db, limits.writerCacheBytes);
  return db;
}

/** Opens the data file for writing, brings its layout up to date, and asserts that commits are durable. */
export function openConnection(options: ConnectionOptions): Database {
  const { file } = options;
  const isNew = !existsSync(file) || statSync(file).size === 0;
  let db: Database | undefined;
  try {
    db = new Database(file, { timeout: 5_000 });
    if (options.key !== undefined) db.key(Buffer.from(options.key));
    if (isNew || isBare(db)) db.pragma(`page_size = ${pageBytes}`);
    else refuseStrangers(db, file);
    configure(db, options);
    migrate(db);
    // What SQLite may not write, it opens for reading alone; then each commit would be refused, for ever.
    db.exec('DELETE FROM counter WHERE 0');
    defineFunctions(db);
    return db;
  } catch (error) {
    db?.close();
    throw openFault(error, options);
  }
}

/** Opens the data file of this or an earlier layout, whoever has it open besides, and writes nothing. */
export function openReadConnection(options: Pick<ConnectionOptions, 'file' | 'key'>): Database {
  const { file, key } = options;
  let db: Database | undefined;
  try {
    db = new Database(file, { timeout: 5_000, readonly: true, fileMustExist: true });
    if (key !== undefined) db.key(Buffer.from(key));
    refuseStrangers(db, file);
    keepPages(db, limits.readerCacheBytes);
    db.pragma('temp_store = MEMORY');
    defineFunctions(db);
    return db;
  } catch (error) {
    db?.close();
    throw openFault(error, options);
  }
}

function keepPages(db: Database, bytes: number): void {
  // What is negative is in KiB.
  db.pragma(`cache_size = ${-bytes / 1024}`);
}

/** A database with nothing in it is nobody's: so a first start leaves it that was cut off half way. */
function isBare(db: Database): boolean {
  const owner = Number(db.pragma('application_id', { simple: true }));
  return owner === 0 && db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}

/** Reads before it writes: a file that is not ours must stay as it is. */
function refuseStrangers(db: Database, file: string): void {
  const owner = Number(db.pragma('application_id', { simple: true }));
  const version = Number(db.pragma('user_version', { simple: true }));
  if (owner !== applicationId) {
    throw new StoreOpenError(
      'foreign',
      `${file} is an SQLite database of another program; name another data folder`,
    );
  }
  if (version > schemaVersion) {
    throw new StoreOpenError(
      'newer',
      `${file} was written by a newer Weir (layout ${version}, this one knows ${schemaVersion})`,
    );
  }
  db.prepare('SELECT count(*) FROM counter').get();
}

function configure(db: Database, { maxBytes }: ConnectionOptions): void {
  db.pragma('journal_mode = WAL');
  // Set after WAL and asserted: some builds turn WAL into synchronous=NORMAL, which loses commits
  // when the power goes.
  db.pragma('synchronous = FULL');
  const mode = db.pragma('journal_mode', { simple: true });
  const synchronous = db.pragma('synchronous', { simple: true });
  if (mode !== 'wal' || synchronous !== 2) {
    throw new Error(
      `SQLite keeps journal_mode=${String(mode)}, synchronous=${String(synchronous)}`,
    );
  }
  db.pragma('wal_autocheckpoint = 0');
  keepPages(db, limits.readerCacheBytes);
  db.pragma('temp_store = MEMORY');
  db.pragma('foreign_keys = OFF');
  if (maxBytes !== undefined) db.pragma(`max_page_count = ${Math.ceil(maxBytes / pageBytes)}`);
}

/** Why a data file cannot be opened, as a sentence for whoever runs the server. */
export function openFault(
  error: unknown,
  { file, key }: Pick<ConnectionOptions, 'file' | 'key'>,
): Error {
  if (error instanceof StoreOpenError) return error;

  const code = sqliteCode(error) ?? '';
  const cause = { cause: error };
  if (code === 'SQLITE_NOTADB') {
    const why =
      key === undefined
        ? 'is not an SQLite database, or it is encrypted and no key was given (--store-key-file)'
        : 'cannot be read with this key: the key is wrong, or the file is not encrypted';
    return new StoreOpenError('foreign', `${file} ${why}; it was left as it is`, cause);
  }
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_ERROR') {
    return new StoreOpenError(
      'corrupt',
      `${file} is damaged and was left as it is; restore a backup`,
      cause,
    );
  }
  const detail = error instanceof Error ? error.message : String(error);
  return new StoreOpenError('unwritable', `${file} cannot be opened: ${detail}`, cause);
}
