import type { StoredVersion } from './store.ts';

/** A version as stores keep it, but for its body; `updated` in epoch milliseconds. */
export interface VersionRow {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly seq: number;
  readonly updated: number;
  readonly method: StoredVersion['method'];
}

/** A version as the port gives it. */
export function storedVersion(row: VersionRow, body: string): StoredVersion {
  return {
    type: row.type,
    id: row.id,
    versionId: String(row.version),
    lastUpdated: new Date(row.updated),
    seq: row.seq,
    deleted: row.method === 'DELETE',
    body,
    changed: false,
    method: row.method,
  };
}
