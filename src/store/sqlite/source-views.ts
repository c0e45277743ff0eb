import type { SourceView } from '../store.ts';
import type { Statements } from './statements.ts';

export interface SourceRow {
  readonly source: string;
  readonly type: string;
  readonly id: string;
  readonly event_time: number;
  readonly received_at: number;
  readonly control_id: string;
  readonly view: string;
}

/** What each source said last of each resource. */
export function openSourceViews(statements: Statements) {
  const select = `SELECT source, type, id, event_time, received_at, control_id, view
                  FROM source_view WHERE type = ? AND id = ?`;
  const one = statements.row<SourceRow>(`${select} AND source = ?`);
  const all = statements.rows<SourceRow>(`${select} ORDER BY source`);
  const put = statements.write(
    `INSERT OR REPLACE INTO source_view
     (type, id, source, event_time, received_at, control_id, view) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  return {
    apply(views: readonly SourceView[]): void {
      for (const { type, id, source, eventTime, receivedAt, controlId, view } of views) {
        put(type, id, source, eventTime.getTime(), receivedAt.getTime(), controlId, view);
      }
    },
    read(source: string, type: string, id: string): SourceView | undefined {
      const row = one(type, id, source);
      return row && toView(row);
    },
    list: (type: string, id: string): SourceView[] => all(type, id).map(toView),
  };
}

export function toView(row: SourceRow): SourceView {
  return {
    source: row.source,
    type: row.type,
    id: row.id,
    eventTime: new Date(row.event_time),
    receivedAt: new Date(row.received_at),
    controlId: row.control_id,
    view: row.view,
  };
}
