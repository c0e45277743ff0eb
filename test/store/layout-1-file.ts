import Database from 'better-sqlite3-multiple-ciphers';
import { migrate } from '../../src/store/sqlite/schema.ts';

/** A data file of layout 1 with two patients and an observation, one version each, and a deleted patient. */
export function writeLayout1(file: string): void {
  const db = new Database(file);
  db.pragma('page_size = 8192');
  db.pragma('journal_mode = WAL');
  migrate(db, 1);
  const names = new Map<string, number>();
  const name = (text: string): number => {
    const known = names.get(text);
    if (known !== undefined) return known;
    const row = db.prepare('INSERT INTO name (text) VALUES (?) RETURNING id').pluck().get(text);
    names.set(text, Number(row));
    return Number(row);
  };
  const terms = new Map<string, number>();
  const term = (text: string): number => {
    const known = terms.get(text) ?? 4_000_000_000_000_000 + terms.size;
    if (!terms.has(text)) db.prepare('INSERT INTO term VALUES (?, ?)').run(known, text);
    terms.set(text, known);
    return known;
  };
  const resource = (rid: number, type: string, id: string): void => {
    const body = JSON.stringify({ resourceType: type, id, meta: { versionId: '1' } });
    db.prepare('INSERT INTO resource VALUES (?, ?, ?, 1, ?, 1000, ?, 0)').run(
      rid,
      name(`t:${type}`),
      id,
      rid,
      rid,
    );
    db.prepare("INSERT INTO version VALUES (?, ?, ?, 1, 1, 1000, 'POST', ?)").run(
      rid,
      rid,
      name(`t:${type}`),
      body,
    );
  };
  const row = (table: string, ...values: readonly (string | number)[]): void => {
    const marks = values.map(() => '?').join(', ');
    db.prepare(`INSERT INTO ix_${table} VALUES (${marks})`).run(...values);
  };
  resource(1, 'Patient', 'p1');
  resource(2, 'Patient', 'p2');
  resource(3, 'Observation', 'o1');
  resource(4, 'Patient', 'gone');
  db.exec('UPDATE resource SET deleted = 1, version = 2, pos = 5 WHERE rid = 4');
  db.prepare("INSERT INTO version VALUES (5, 4, ?, 2, 2, 2000, 'DELETE', '')").run(
    name('t:Patient'),
  );
  db.prepare('INSERT INTO replaced_keys VALUES (5, ?)').run('[]');
  row('token', name('p:Patient:identifier:token'), term('A 1'), 1, name('s:urn:mrn'));
  row('token', name('p:Patient:identifier:token'), term('A 2'), 2, 0);
  row('token', name('p:Patient:gp:referenceIdentifier'), term('7'), 1, 0);
  row('string', name('p:Patient:name:string'), 'zorn', 1, 'Zorn');
  row('string', name('p:Patient:name:string'), 'abel', 1, 'Abel');
  row('string', name('p:Patient:name:string'), 'meyer', 2, 'Meyer');
  row('date', name('p:Patient:birthdate:date'), 0, 86_400_000, 1);
  row('date', name('p:Patient:birthdate:date'), -500, Number.MAX_SAFE_INTEGER, 2);
  row('uri', name('p:Patient:url:uri'), 'http://a.test/x', 2);
  const [code, day] = [name('p:Observation:code:token'), name('p:Observation:date:date')];
  row('token', code, term('718-7'), 3, name('s:urn:loinc'));
  row('date', day, 5_000, 6_000, 3);
  row('number', name('p:Observation:n:number'), 5.5, 5.5, 5.5, 0, 0, 0, 3);
  const mg = term('mg');
  row('number', name('p:Observation:q:quantity'), 2, 2, 9, name('s:urn:ucum'), mg, 0, 3);
  const subject = name('p:Observation:subject:reference');
  row('reference', subject, term('p1'), 3, 0, name('t:Patient'), term('4'), 0);
  row('reference', subject, term('http://o.test/1'), 3, 1, 0, 0, 0);
  row('reference', name('p:Observation:focus:reference'), 0, 3, 0, name('t:Device'), 0, 0);
  db.prepare('INSERT INTO tally VALUES (?, 2, 4), (?, 1, 1)').run(
    name('t:Patient'),
    name('t:Observation'),
  );
  db.exec("UPDATE counter SET value = 2 WHERE name = 'seq'");
  db.exec("UPDATE counter SET value = 5 WHERE name = 'pos'");
  db.exec(`INSERT INTO journal (id, feed, peer, received_at, control_id, message_type, hash, state,
    attempts, patient) VALUES ('m1', 'ehr', 'x', 1000, 'C1', 'ADT^A01', 'h1', 'processed', 1, 'Patient/p1'),
    ('m2', 'lab', 'x', 2000, 'C2', 'ORU^R01', 'h2', 'failed', 2, NULL);
    INSERT INTO journal_frame SELECT row, CAST('MSH|' || id AS BLOB) FROM journal;
    INSERT INTO journal_tally SELECT feed, state, '', 1 FROM journal;`);
  db.close();
}
