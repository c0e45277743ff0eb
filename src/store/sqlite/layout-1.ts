/** Layout 1: a second index by `rid` on every index table, codes and targets as ids of texts in `term`. */
export const layout1 = `
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO counter VALUES ('seq', 0), ('pos', 0);

CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE term (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;

CREATE TABLE resource (
  rid INTEGER PRIMARY KEY, type INTEGER NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
  pos INTEGER NOT NULL, updated INTEGER NOT NULL, live_since INTEGER NOT NULL,
  deleted INTEGER NOT NULL, UNIQUE (type, id)
) STRICT;
CREATE INDEX resource_live ON resource (type) WHERE deleted = 0;
CREATE INDEX resource_updated ON resource (type, updated) WHERE deleted = 0;

CREATE TABLE version (
  pos INTEGER PRIMARY KEY, rid INTEGER NOT NULL, type INTEGER NOT NULL, version INTEGER NOT NULL,
  seq INTEGER NOT NULL, updated INTEGER NOT NULL, method TEXT NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX version_rid ON version (rid, version);
CREATE INDEX version_type ON version (type, pos, rid, updated);
CREATE TABLE replaced_keys (pos INTEGER PRIMARY KEY, keys TEXT NOT NULL) STRICT;

CREATE TABLE ix_token (
  param INTEGER NOT NULL, code INTEGER NOT NULL, rid INTEGER NOT NULL, system INTEGER NOT NULL,
  PRIMARY KEY (param, code, rid, system)
) STRICT, WITHOUT ROWID;
CREATE INDEX ix_token_rid ON ix_token (rid, param);

CREATE TABLE ix_string (
  param INTEGER NOT NULL, folded TEXT NOT NULL, rid INTEGER NOT NULL, exact TEXT NOT NULL,
  PRIMARY KEY (param, folded, rid, exact)
) STRICT, WITHOUT ROWID;
CREATE INDEX ix_string_rid ON ix_string (rid, param);
CREATE INDEX ix_string_exact ON ix_string (param, exact);

CREATE TABLE ix_date (
  param INTEGER NOT NULL, lo INTEGER NOT NULL, hi INTEGER NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY (param, lo, hi, rid)
) STRICT, WITHOUT ROWID;
CREATE INDEX ix_date_rid ON ix_date (rid, param);
CREATE INDEX ix_date_hi ON ix_date (param, hi);

CREATE TABLE ix_number (
  param INTEGER NOT NULL, value REAL NOT NULL, lo REAL NOT NULL, hi REAL NOT NULL,
  system INTEGER NOT NULL, code INTEGER NOT NULL, unit INTEGER NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY (param, lo, hi, value, system, code, unit, rid)
) STRICT, WITHOUT ROWID;
CREATE INDEX ix_number_rid ON ix_number (rid, param);

CREATE TABLE ix_uri (
  param INTEGER NOT NULL, value TEXT NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY (param, value, rid)
) STRICT, WITHOUT ROWID;
CREATE INDEX ix_uri_rid ON ix_uri (rid, param);

CREATE TABLE ix_reference (
  param INTEGER NOT NULL, target INTEGER NOT NULL, rid INTEGER NOT NULL, by INTEGER NOT NULL,
  type INTEGER NOT NULL, version INTEGER NOT NULL, other INTEGER NOT NULL,
  PRIMARY KEY (param, target, rid, by, type, version, other)
) STRICT, WITHOUT ROWID;
CREATE INDEX ix_reference_rid ON ix_reference (rid, param);

CREATE TABLE tally (
  type INTEGER PRIMARY KEY, live INTEGER NOT NULL, versions INTEGER NOT NULL
) STRICT;
CREATE TABLE claim (key TEXT PRIMARY KEY, owner TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE state (
  key TEXT PRIMARY KEY, value TEXT NOT NULL, revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE source_view (
  type TEXT NOT NULL, id TEXT NOT NULL, source TEXT NOT NULL, event_time INTEGER NOT NULL,
  received_at INTEGER NOT NULL, control_id TEXT NOT NULL, view TEXT NOT NULL,
  UNIQUE (type, id, source)
) STRICT;

CREATE TABLE journal (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, feed TEXT NOT NULL, peer TEXT NOT NULL,
  received_at INTEGER NOT NULL, control_id TEXT NOT NULL, message_type TEXT NOT NULL,
  hash TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, last_error TEXT,
  next_retry_at INTEGER, ack BLOB, ack_code TEXT, written TEXT, patient TEXT, report TEXT
) STRICT;
CREATE UNIQUE INDEX journal_equal ON journal (control_id, feed, hash);
CREATE INDEX journal_feed ON journal (feed);
CREATE INDEX journal_open ON journal (state) WHERE state <> 'processed';
CREATE INDEX journal_patient ON journal (patient) WHERE patient IS NOT NULL;
CREATE TABLE journal_frame (row INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE journal_tally (
  feed TEXT NOT NULL, state TEXT NOT NULL, ack_code TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (feed, state, ack_code)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (pos INTEGER PRIMARY KEY, origin TEXT NOT NULL) STRICT;
CREATE TABLE job (
  key TEXT PRIMARY KEY, kind TEXT NOT NULL, due INTEGER NOT NULL, payload TEXT NOT NULL,
  attempts INTEGER NOT NULL, lease TEXT, leased_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX job_due ON job (due);
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL,
  previous_hash TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
`;
