/**
 * Layout 4: messages are found by their fields and by when they came. `journal_field` leads from a field
 * (`PID-3=123`) to rows in the order of their arrival; `fields` are a row's own, as JSON, by which it is
 * taken out again. Every index of the journal goes on by arrival, so that a list is a walk and not a sort.
 */
export const layout4 = `
ALTER TABLE journal ADD COLUMN fields TEXT;
ALTER TABLE journal ADD COLUMN notes TEXT;
CREATE TABLE journal_field (
  key TEXT NOT NULL, at INTEGER NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (key, at, row)
) STRICT, WITHOUT ROWID;
DROP INDEX journal_feed;
DROP INDEX journal_open;
DROP INDEX journal_patient;
CREATE INDEX journal_received ON journal (received_at);
CREATE INDEX journal_feed ON journal (feed, received_at);
CREATE INDEX journal_type ON journal (message_type, received_at);
CREATE INDEX journal_open ON journal (state, received_at) WHERE state <> 'processed';
CREATE INDEX journal_patient ON journal (patient, received_at) WHERE patient IS NOT NULL;
`;
