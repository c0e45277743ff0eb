import Database from 'better-sqlite3-multiple-ciphers';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { addUp, everyEffect, lay, standing, type Standing } from './every-effect.ts';

/** What every-effect-child.ts said before it ended, however it ended. */
export interface Said {
  readonly laid: readonly number[];
  readonly acknowledged: readonly number[];
  readonly refused: readonly { readonly code: string; readonly standing: string }[];
  readonly text: string;
}

export function saidIn(text: string): Said {
  const numbers = (word: string): number[] =>
    [...text.matchAll(new RegExp(`^${word} (\\d+)$`, 'gm'))].map(([, n]) => Number(n));
  const refusals = text.matchAll(/^refused \d+ (\S+) (\S+)$/gm);
  const refused = [...refusals].map(([, code = '', stands = '']) => ({ code, standing: stands }));
  return { laid: numbers('laid'), acknowledged: numbers('acknowledged'), refused, text };
}

/**
 * Opens what a crash has left, and throws where it breaks a law: an acknowledged commit is there whole, any
 * other whole or not at all, the sums are right, SQLite finds its file sound, and writing goes on.
 */
export async function survey(file: string, { laid, acknowledged, text }: Said): Promise<void> {
  try {
    const store = await openSqliteStore({ file });
    const standings: Standing[] = [];
    for (const n of laid) standings.push(await standing(store, n));
    await addUp(store, standings);
    for (const n of acknowledged) {
      if (standings[laid.indexOf(n)] !== 'whole') throw new Error(`Commit ${n} is lost`);
    }
    const next = Math.max(0, ...laid) + 1;
    await store.commit(everyEffect(await lay(store, next)));
    await addUp(store, [...standings, await standing(store, next)]);
    await store.close();
    const found = integrity(file);
    if (found !== 'ok') throw new Error(`integrity_check: ${String(found)}`);
  } catch (error) {
    throw new Error(`After "${text.replaceAll('\n', ', ')}": ${String(error)}`, { cause: error });
  }
}

/** What `PRAGMA integrity_check` says. */
export function integrity(file: string): unknown {
  const db = new Database(file);
  const result = db.pragma('integrity_check', { simple: true });
  db.close();
  return result;
}
