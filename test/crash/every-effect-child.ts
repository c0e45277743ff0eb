/**
 * Opens a data file, makes two commits with every effect in them and closes it, saying each step on
 * stdout. What fails is told and gone on from. Arguments: data file, number of the first commit, and the
 * step of that commit before which the process shall die (0: none).
 */
import { writeSync } from 'node:fs';
import { OutcomeError } from '../../src/fhir/issue.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { everyEffect, lay, standing } from './every-effect.ts';

const [file = '', first = '1', killAt = '0'] = process.argv.slice(2);
const say = (line: string): number => writeSync(1, `${line}\n`);

async function open(tries: number): Promise<Store> {
  try {
    let lease = 0;
    return await openSqliteStore({ file, idSource: () => `lease-${++lease}` });
  } catch (error) {
    if (tries === 0) throw error;
    say(`not opened: ${String(error)}`);
    return await open(tries - 1);
  }
}

/** The same store, whose writes are tried again: a fault that is meant for a commit may meet the ground. */
function patient(store: Store): Store {
  const { jobs } = store;
  return {
    ...store,
    commit: (what) => store.commit(what).catch(() => store.commit(what)),
    jobs: {
      ...jobs,
      lease: (...how) => jobs.lease(...how).catch(() => jobs.lease(...how)),
    },
  };
}

async function commit(store: Store, n: number, step: number): Promise<void> {
  const ground = await lay(patient(store), n);
  say(`laid ${n}`);
  const shim = step > 0 ? await import('./driver-shim.ts') : undefined;
  shim?.arm(step, 'kill');
  try {
    await store.commit(everyEffect(ground));
    say(`acknowledged ${n}`);
  } catch (error) {
    const code = error instanceof OutcomeError ? error.issues[0].code : String(error);
    say(`refused ${n} ${code} ${await standing(store, n)}`);
  }
  if (shim !== undefined) say(`steps ${shim.disarm().steps}`);
}

say('open');
const store = await open(2);
say('opened');
await commit(store, Number(first), Number(killAt));
await commit(store, Number(first) + 1, 0);
say('close');
await store.close();
say('closed');
