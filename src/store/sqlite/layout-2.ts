/**
 * The layout.
 *
 * - `version` holds every body ever committed, appended in commit order (`pos`); the current one is not
 *   moved when it is replaced. `resource` is the row of the present: which `pos` is current, with which it
 *   last came to life, and as JSONB the index rows of a live resource by parameter, in the order in which they
 *   sort (row-coder.ts): by these it is sorted, tested, and its rows removed. `pos` orders everything,
 *   `seq` by commit.
 * - `ix_*` hold the search values of current, live resources only; they lead from a value to resources
 *   and never the other way. `param`, `system`, `type` and `kinds` are ids in `name`. `ix_reference` begins
 *   with its target, so that several references to one lie together. `ix_dated` has a token with the date
 *   of the same resource (index-table.ts), for what is asked newest first; `ix_several` names the resources with
 *   more than one date of a parameter: of all others one row answers both ends of a period. Long dates and wide
 *   numbers have an index by their end; short ones are found by their beginning. A text has one by what it is
 *   where that is not plain from its folded form.
 * - `replaced` keeps, under the `pos` of the version that replaced it, the `entries` that a version had, so
 *   that a sorted walk can still place a resource where it stood at the walk's snapshot.
 * - Journal frames lie apart from their rows: a change of state must not rewrite the bytes.
 */
const tables = `
ALTER TABLE resource ADD COLUMN entries BLOB;
CREATE TABLE replaced (pos INTEGER PRIMARY KEY, entries BLOB NOT NULL) STRICT;
CREATE TABLE ix_token (
  param INTEGER NOT NULL, code TEXT NOT NULL, rid INTEGER NOT NULL, system INTEGER NOT NULL,
  PRIMARY KEY (param, code, rid, system)
) STRICT, WITHOUT ROWID;
CREATE TABLE ix_dated (
  param INTEGER NOT NULL, code TEXT NOT NULL, at INTEGER NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY (param, code, at, rid)
) STRICT, WITHOUT ROWID;
CREATE TABLE ix_string (
  param INTEGER NOT NULL, folded TEXT NOT NULL, rid INTEGER NOT NULL, exact TEXT NOT NULL,
  PRIMARY KEY (param, folded, rid, exact)
) STRICT, WITHOUT ROWID;
CREATE INDEX ix_string_other ON ix_string (param, exact) WHERE folded <> lower(exact);
CREATE TABLE ix_date (
  param INTEGER NOT NULL, lo INTEGER NOT NULL, rid INTEGER NOT NULL, hi INTEGER NOT NULL,
  PRIMARY KEY (param, lo, rid, hi)
) STRICT, WITHOUT ROWID;
CREATE TABLE ix_several (
  param INTEGER NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (param, rid)
) STRICT, WITHOUT ROWID;
CREATE INDEX ix_date_long ON ix_date (param, hi) WHERE hi - lo > 86400000;
CREATE TABLE ix_number (
  param INTEGER NOT NULL, lo REAL NOT NULL, hi REAL NOT NULL, value REAL NOT NULL,
  system INTEGER NOT NULL, code ANY NOT NULL, unit ANY NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY (param, lo, hi, value, system, code, unit, rid)
) STRICT, WITHOUT ROWID;
CREATE INDEX ix_number_wide ON ix_number (param, hi) WHERE hi > lo;
CREATE TABLE ix_uri (
  param INTEGER NOT NULL, value TEXT NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY (param, value, rid)
) STRICT, WITHOUT ROWID;
CREATE TABLE ix_reference (
  target TEXT NOT NULL, param INTEGER NOT NULL, rid INTEGER NOT NULL, by INTEGER NOT NULL,
  type INTEGER NOT NULL, version ANY NOT NULL, other ANY NOT NULL,
  PRIMARY KEY (target, param, rid, by, type, version, other)
) STRICT, WITHOUT ROWID;
CREATE TABLE ix_composite (
  param INTEGER NOT NULL, kinds INTEGER NOT NULL, a ANY NOT NULL, b ANY NOT NULL,
  rid INTEGER NOT NULL, rest TEXT NOT NULL,
  PRIMARY KEY (param, kinds, a, b, rid, rest)
) STRICT, WITHOUT ROWID;
CREATE TABLE ix_position (
  param INTEGER NOT NULL, latitude REAL NOT NULL, longitude REAL NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY (param, latitude, longitude, rid)
) STRICT, WITHOUT ROWID;
`;

const oldTables = ['token', 'string', 'date', 'number', 'uri', 'reference'] as const;

/** What layout 1 has as ids of texts becomes the texts themselves. */
const moveRows = `
CREATE VIEW old_number AS SELECT x.param, x.lo, x.hi, x.value, x.system,
  coalesce(c.text, 0) AS code, coalesce(u.text, 0) AS unit, x.rid
  FROM old_ix_number x LEFT JOIN term c ON c.id = x.code LEFT JOIN term u ON u.id = x.unit;
CREATE VIEW old_reference AS SELECT x.param, coalesce(t.text, '') AS target, x.rid,
  iif(x.by = 0 AND x.target = 0, 2, x.by) AS by, x.type, coalesce(v.text, 0) AS version,
  coalesce(o.text, 0) AS other
  FROM old_ix_reference x LEFT JOIN term t ON t.id = x.target
  LEFT JOIN term v ON v.id = x.version LEFT JOIN term o ON o.id = x.other;
CREATE VIEW old_dated AS SELECT n.id AS param, t.text AS code, d.lo AS at, x.rid
  FROM name n JOIN name c ON c.text = substr(n.text, 1, length(n.text) - 5) || 'token'
  JOIN name a ON a.text = substr(n.text, 1, length(n.text) - 10) || 'date:date'
  JOIN old_ix_token x ON x.param = c.id JOIN term t ON t.id = x.code
  JOIN old_ix_date d ON d.rid = x.rid AND d.param = a.id
  WHERE n.text LIKE 'p:%:code:dated';

INSERT INTO name (text) SELECT substr(c.text, 1, length(c.text) - 5) || 'dated' FROM name c
  WHERE c.text LIKE 'p:%:code:token' AND EXISTS
    (SELECT 1 FROM name a WHERE a.text = substr(c.text, 1, length(c.text) - 10) || 'date:date');
INSERT INTO ix_token (param, code, rid, system)
  SELECT x.param, t.text, x.rid, x.system FROM old_ix_token x JOIN term t ON t.id = x.code;
INSERT OR IGNORE INTO ix_dated (param, code, at, rid) SELECT param, code, at, rid FROM old_dated;
INSERT INTO ix_string (param, folded, rid, exact)
  SELECT param, folded, rid, exact FROM old_ix_string;
INSERT INTO ix_date (param, lo, rid, hi) SELECT param, lo, rid, hi FROM old_ix_date;
INSERT INTO ix_number (param, lo, hi, value, system, code, unit, rid)
  SELECT param, lo, hi, value, system, code, unit, rid FROM old_number;
INSERT INTO name (text) SELECT substr(n.text, 1, length(n.text) - 4) || 'several' FROM name n
  WHERE n.text LIKE 'p:%:date' AND EXISTS
    (SELECT 1 FROM old_ix_date d WHERE d.param = n.id GROUP BY d.rid HAVING count(*) > 1);
INSERT INTO ix_several (param, rid) SELECT n.id, d.rid FROM name n
  JOIN name a ON a.text = substr(n.text, 1, length(n.text) - 7) || 'date'
  JOIN old_ix_date d ON d.param = a.id
  WHERE n.text LIKE 'p:%:several' GROUP BY n.id, d.rid HAVING count(*) > 1;
INSERT INTO ix_uri (param, value, rid) SELECT param, value, rid FROM old_ix_uri;
INSERT INTO ix_reference (param, target, rid, by, type, version, other)
  SELECT param, target, rid, by, type, version, other FROM old_reference;
`;

/** Each resource gets its rows as JSON, those of a parameter in their order. */
const gatherEntries = `
CREATE VIEW old_row AS
  SELECT rid, param, json_array(t.text, system) AS columns, t.text AS sort
    FROM old_ix_token x JOIN term t ON t.id = x.code
  UNION ALL SELECT DISTINCT rid, param, json_array(code, at), code FROM old_dated
  UNION ALL SELECT rid, param, json_array(), 0 FROM ix_several
  UNION ALL SELECT rid, param, json_array(folded, exact), folded FROM old_ix_string
  UNION ALL SELECT rid, param, json_array(lo, hi), lo FROM old_ix_date
  UNION ALL SELECT rid, param, json_array(lo, hi, value, system, code, unit), value FROM old_number
  UNION ALL SELECT rid, param, json_array(value), value FROM old_ix_uri
  UNION ALL SELECT rid, param, json_array(target, by, type, version, other), target
    FROM old_reference;
UPDATE resource SET entries = (
  SELECT jsonb_group_object(CAST(param AS TEXT), json(list)) FROM (
    SELECT param, json_group_array(json(columns) ORDER BY sort) AS list
    FROM old_row WHERE rid = resource.rid GROUP BY param)) WHERE deleted = 0;
`;

/** Sorted walks that began before cannot be gone on with: what they would need is not converted. */
const clean = `
INSERT INTO counter SELECT 'walks', value FROM counter WHERE name = 'pos';
DROP VIEW old_row;
DROP VIEW old_dated;
DROP VIEW old_reference;
DROP VIEW old_number;
${oldTables.map((table) => `DROP TABLE old_ix_${table};`).join('\n')}
DROP TABLE replaced_keys;
DROP TABLE term;
`;

export const layout2 = [
  ...oldTables.map((table) => `ALTER TABLE ix_${table} RENAME TO old_ix_${table};`),
  tables,
  moveRows,
  gatherEntries,
  clean,
].join('\n');
