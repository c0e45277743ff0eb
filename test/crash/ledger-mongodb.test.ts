import { afterAll, expect, it } from 'vitest';
import { killServers } from '../e2e/server-process.ts';
import { describeOnMongoDouble, freshDatabaseName, withDatabase } from '../mongo/mongo.ts';
import { temporaryFolders } from '../store/temporary-folder.ts';
import { chosenFaults, findingsUnder, nothing, roundMs } from './ledger-every-run.ts';
import { databaseFails } from './ledger-faults.ts';
import { extent } from './sample.ts';

const folders = temporaryFolders();
afterAll(() => {
  killServers();
  folders.remove();
});

describeOnMongoDouble(`the ledger on MongoDB (${extent})`, (url) => {
  for (const fault of chosenFaults('mongodb', ['process'])) {
    it(`${fault.name}: nothing lost, nothing doubled`, { timeout: roundMs }, async () => {
      const store = withDatabase(url, freshDatabaseName());
      expect(await findingsUnder(fault, { folder: folders.make(), store })).toEqual(nothing);
    });
  }

  it('a database that drops, hangs, conflicts: the same', { timeout: roundMs }, async () => {
    const store = withDatabase(url, freshDatabaseName());
    const fault = databaseFails(store);
    expect(await findingsUnder(fault, { folder: folders.make(), store })).toEqual(nothing);
  });
});
