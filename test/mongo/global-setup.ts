import { MongoClient } from 'mongodb';
import type { TestProject } from 'vitest/node';
import { buildMongoServer, startMongoServer } from './server-process.ts';
import type { MongoServerProcess } from './server-process.ts';

/** What a test run knows of MongoDB. */
interface MongoOfTheRun {
  /** Where the MongoDB tests run: WEIR_TEST_MONGODB_URL or the test double. */
  readonly url?: string;
  /** The test double's address and program, for what only it can do: faults. */
  readonly double?: { readonly url: string; readonly program: string };
  /** Why there is no url or no double. */
  readonly missing: string;
  /** How the names of this run's databases begin. */
  readonly prefix: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    mongo: MongoOfTheRun;
  }
}

let server: MongoServerProcess | undefined;
let foreign: { url: string; prefix: string } | undefined;

/** Before all tests: one MongoDB for the run, where there can be one. */
export async function setup(project: TestProject): Promise<void> {
  const given = process.env['WEIR_TEST_MONGODB_URL'];
  const prefix = `weir_test_${process.pid}_${Date.now().toString(36)}`;
  const url = given === undefined || given === '' ? undefined : given;
  if (url !== undefined) foreign = { url, prefix };
  try {
    const program = buildMongoServer();
    server = await startMongoServer(program);
    const double = { url: server.url, program };
    project.provide('mongo', { url: url ?? server.url, double, missing: '', prefix });
  } catch (error) {
    const missing = `no MongoDB test double: ${error instanceof Error ? error.message : String(error)}`;
    if (process.env['WEIR_REQUIRE_MONGODB'] === '1') throw new Error(missing, { cause: error });
    project.provide('mongo', { ...(url === undefined ? {} : { url }), missing, prefix });
  }
}

/** After all tests: the double goes; a server that was given is left as it was. */
export async function teardown(): Promise<void> {
  await server?.stop();
  if (foreign === undefined) return;
  const client = new MongoClient(foreign.url);
  try {
    const { databases } = await client.db().admin().listDatabases({ nameOnly: true });
    for (const { name } of databases) {
      if (name.startsWith(foreign.prefix)) await client.db(name).dropDatabase();
    }
  } finally {
    await client.close();
  }
}
