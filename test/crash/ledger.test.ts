import { afterAll, describe, expect, it } from 'vitest';
import { killServers } from '../e2e/server-process.ts';
import { describeOnMongoDouble, freshDatabaseName, withDatabase } from '../mongo/mongo.ts';
import { temporaryFolders } from '../store/temporary-folder.ts';
import { databaseFails, faults, type Fault } from './ledger-faults.ts';
import { playRound, type Round } from './ledger-round.ts';
import { loopDisks } from './loop-disk.ts';
import { everyFault, extent, sample, seed } from './sample.ts';

const folders = temporaryFolders();
afterAll(() => {
  killServers();
  folders.remove();
});

/** `scripts/ledger.ts` plays every fault in longer rounds, as many as it is told. */
const size = { seed, patients: 12, messagesPerPatient: 6 };
const nothing = {
  lost: [],
  doubled: [],
  half: [],
  disordered: [],
  unexplained: [],
  differs: [],
};

/** By turns, so that a few runs see all of them. */
function chosen(store: 'sqlite' | 'mongodb'): readonly Fault[] {
  const all = faults.filter(({ on }) => on === store || on === 'both');
  return everyFault ? all : sample(all, 3);
}

async function play(fault: Fault, store: string): Promise<Round> {
  return playRound(fault, { folder: folders.make(), store, size });
}

describe(`the ledger on SQLite (${extent})`, { timeout: 240_000 }, () => {
  for (const fault of chosen('sqlite')) {
    const skip = fault.disk === true && loopDisks.skip;
    it.skipIf(skip)(`${fault.name}: nothing lost, nothing doubled`, async () => {
      const { findings } = await play(fault, 'sqlite');
      expect(findings).toEqual(nothing);
    });
  }
});

describeOnMongoDouble(`the ledger on MongoDB (${extent})`, (url) => {
  for (const fault of chosen('mongodb')) {
    it(`${fault.name}: nothing lost, nothing doubled`, { timeout: 240_000 }, async () => {
      const { findings } = await play(fault, withDatabase(url, freshDatabaseName()));
      expect(findings).toEqual(nothing);
    });
  }

  it('a database that drops, hangs, conflicts: the same', { timeout: 240_000 }, async () => {
    const database = withDatabase(url, freshDatabaseName());
    const { findings } = await play(databaseFails(database), database);
    expect(findings).toEqual(nothing);
  });
});
