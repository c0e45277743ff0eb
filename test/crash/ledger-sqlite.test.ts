import { afterAll, describe, expect, it } from 'vitest';
import { killServers } from '../e2e/server-process.ts';
import { temporaryFolders } from '../store/temporary-folder.ts';
import { chosenFaults, findingsUnder, nothing, roundMs } from './ledger-every-run.ts';
import { loopDisks } from './loop-disk.ts';
import { extent } from './sample.ts';

const folders = temporaryFolders();
afterAll(() => {
  killServers();
  folders.remove();
});

describe(`the ledger on SQLite (${extent})`, { timeout: roundMs }, () => {
  for (const fault of chosenFaults('sqlite', ['process', 'network', 'disk'])) {
    const skip = fault.disk === true && loopDisks.skip;
    it.skipIf(skip)(`${fault.name}: nothing lost, nothing doubled`, async () => {
      const found = await findingsUnder(fault, { folder: folders.make(), store: 'sqlite' });
      expect(found).toEqual(nothing);
    });
  }
});
