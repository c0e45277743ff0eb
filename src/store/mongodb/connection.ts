import {
  MongoClient,
  MongoError,
  MongoServerError,
  type ClientSession,
  type Db,
  type MongoClientOptions,
} from 'mongodb';
import { limits } from '../../limits.ts';
import { StoreOpenError } from '../open-error.ts';
import { databaseOf, withoutPassword } from './address.ts';
import { hasLabel } from './fault.ts';

export interface ConnectionOptions {
  /** `mongodb://` or `mongodb+srv://`, with the database in its path (`weir` where there is none). */
  readonly url: string;
  /** How long a server is looked for; limits.mongoSelectionTimeoutMs by default. */
  readonly selectionTimeoutMs?: number;
  /** How long a command may be silent; limits.mongoSocketTimeoutMs by default. */
  readonly socketTimeoutMs?: number;
}

export interface Connection {
  readonly client: MongoClient;
  readonly db: Db;
}

/** Connects, and makes sure of what the laws of the store rest on: transactions. */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const where = withoutPassword(options.url);
  const client = newClient(options, where);
  try {
    await client.connect();
    const db = client.db(databaseOf(options.url));
    await refuseStandalone(client, db, where);
    return { client, db };
  } catch (error) {
    await client.close();
    throw error instanceof StoreOpenError ? error : openFault(error, where);
  }
}

function newClient(options: ConnectionOptions, where: string): MongoClient {
  try {
    return new MongoClient(options.url, clientOptions(options));
  } catch (error) {
    // Neither its text nor its cause are passed on: they may quote the address with its password.
    const name = error instanceof Error ? ` (${error.name})` : '';
    throw new StoreOpenError(
      'unreachable',
      `${where} is not an address of a MongoDB server${name}`,
    );
  }
}

/** Reads see what a majority has, so that nothing is answered that a failover could take back. */
function clientOptions(options: ConnectionOptions): MongoClientOptions {
  return {
    appName: 'weir',
    readConcern: { level: 'majority' },
    // Said twice: as an option of the address it would come after the other.
    readConcernLevel: 'majority',
    readPreference: 'primary',
    writeConcern: { w: 'majority', journal: true, wtimeoutMS: limits.mongoSocketTimeoutMs },
    serverSelectionTimeoutMS: options.selectionTimeoutMs ?? limits.mongoSelectionTimeoutMs,
    connectTimeoutMS: options.selectionTimeoutMs ?? limits.mongoSelectionTimeoutMs,
    socketTimeoutMS: options.socketTimeoutMs ?? limits.mongoSocketTimeoutMs,
    maxPoolSize: limits.mongoConnectionsMax,
    waitQueueTimeoutMS: options.selectionTimeoutMs ?? limits.mongoSelectionTimeoutMs,
    promoteBuffers: true,
    ignoreUndefined: true,
  };
}

/** A replica set or a `mongos` says so in `hello`; that it takes a transaction is tried. */
async function refuseStandalone(client: MongoClient, db: Db, where: string): Promise<void> {
  const hello = await db.admin().command({ hello: 1 });
  const isSet = typeof hello['setName'] === 'string' || hello['msg'] === 'isdbgrid';
  if (!isSet || hello['logicalSessionTimeoutMinutes'] == null) throw standalone(where);
  await client.withSession(async (session: ClientSession) => {
    session.startTransaction({ readConcern: { level: 'snapshot' } });
    try {
      await db.collection('order').findOne({}, { session });
    } catch (error) {
      if (error instanceof MongoServerError && transactionCodes.has(Number(error.code))) {
        throw standalone(where);
      }
      // Another process may be making the collections just now; that it says so is answer enough.
      if (!hasLabel(error, 'TransientTransactionError')) throw error;
    } finally {
      await session.abortTransaction();
    }
  });
}

/** IllegalOperation, CommandNotSupported and the like: what servers without transactions answer. */
const transactionCodes: ReadonlySet<number> = new Set([20, 115, 263, 303]);

function standalone(where: string): StoreOpenError {
  return new StoreOpenError(
    'standalone',
    `${where} is a MongoDB server without transactions; Weir needs a replica set (one member will do: ` +
      'start mongod with --replSet rs0, then run rs.initiate() in mongosh) or a mongos of a sharded cluster',
  );
}

/** Why a database cannot be opened; `where` is its address without password. */
export function openFault(error: unknown, where: string): StoreOpenError {
  if (!(error instanceof MongoError)) {
    const detail = error instanceof Error ? error.message : String(error);
    return new StoreOpenError('unreachable', `${where} cannot be opened: ${detail}`);
  }
  if (error instanceof MongoServerError) {
    const code = Number(error.code);
    const named = error.codeName ?? String(error.code);
    if (code === 18 || code === 8000) {
      return new StoreOpenError('refused', `${where} does not accept the user name or password`);
    }
    if (code === 13) {
      return new StoreOpenError(
        'refused',
        `The user may not read and write the database at ${where}`,
      );
    }
    return new StoreOpenError('unwritable', `${where} cannot be opened: ${named}`);
  }
  return new StoreOpenError(
    'unreachable',
    `No MongoDB server answers at ${where}: ${withoutPassword(error.message)}`,
  );
}
