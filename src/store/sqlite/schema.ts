import type Database from 'better-sqlite3-multiple-ciphers';
import { layout1 } from './layout-1.ts';
import { layout2 } from './layout-2.ts';
import { layout3 } from './layout-3.ts';
import { layout4 } from './layout-4.ts';

/** `WEIR` in ASCII: the header field by which SQLite files tell whose they are. */
export const applicationId = 0x57454952;

/** Forward steps; the file's user_version is how many it has taken. A step once released never changes. */
const migrations: readonly string[] = [layout1, layout2, layout3, layout4];

export const schemaVersion = migrations.length;

/** Takes the steps the file lacks, up to a version, all in one transaction. */
export function migrate(db: Database, version = schemaVersion): void {
  const taken = Number(db.pragma('user_version', { simple: true }));
  if (taken >= version) return;
  const step = db.transaction(() => {
    for (const sql of migrations.slice(taken, version)) db.exec(sql);
    db.pragma(`application_id = ${applicationId}`);
    db.pragma(`user_version = ${version}`);
  });
  step.immediate();
}
