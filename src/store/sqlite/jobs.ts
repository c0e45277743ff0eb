import { CommitRefused, type Job, type JobChange, type LeasedJob } from '../store.ts';
import { prefixEnd } from '../order.ts';
import type { WriteRequest } from './prepared.ts';
import type { Statements } from './statements.ts';

interface Row {
  readonly key: string;
  readonly kind: string;
  readonly due: number;
  readonly payload: string;
  readonly attempts: number;
}

/** Whose lease, and how many. */
type LeaseRequest = Extract<WriteRequest, { kind: 'lease' }>;

/** Due work and who holds it. */
export function openJobs(statements: Statements) {
  const sql = prepare(statements);
  return {
    apply(changes: readonly JobChange[]): void {
      for (const [index, change] of changes.entries()) {
        if (!applyChange(sql, change)) throw new CommitRefused({ kind: 'job-lease', index });
      }
    },
    lease({ now, leaseMs, limit, token }: LeaseRequest): LeasedJob[] {
      const at = now.getTime();
      return sql.due(at, at, limit).map((row, taken) => {
        const lease = `${token}.${taken}`;
        sql.lease(lease, at + leaseMs, row.key);
        return { ...toJob(row), attempts: row.attempts + 1, lease };
      });
    },
    list(prefix: string, limit: number): Job[] {
      const end = prefixEnd(prefix);
      const rows = end === undefined ? sql.from(prefix, limit) : sql.between(prefix, end, limit);
      return rows.map(toJob);
    },
  };
}

function prepare(statements: Statements) {
  const select = 'SELECT key, kind, due, payload, attempts FROM job';
  const insert = 'INSERT INTO job (key, kind, due, payload, attempts, leased_until) VALUES';
  return {
    due: statements.rows<Row>(
      `${select} WHERE due <= ? AND leased_until <= ? ORDER BY due, key LIMIT ?`,
    ),
    from: statements.rows<Row>(`${select} WHERE key >= ? ORDER BY due, key LIMIT ?`),
    between: statements.rows<Row>(`${select} WHERE key >= ? AND key < ? ORDER BY due, key LIMIT ?`),
    lease: statements.write(
      'UPDATE job SET lease = ?, leased_until = ?, attempts = attempts + 1 WHERE key = ?',
    ),
    put: statements.write(
      `${insert} (?, ?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET
       kind = excluded.kind, due = excluded.due, payload = excluded.payload,
       attempts = excluded.attempts, lease = NULL, leased_until = 0`,
    ),
    putIfFree: statements.write(`${insert} (?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING`),
    done: statements.write('DELETE FROM job WHERE key = ? AND lease = ?'),
    retry: statements.write(
      'UPDATE job SET due = ?, lease = NULL, leased_until = 0 WHERE key = ? AND lease = ?',
    ),
    cancel: statements.write('DELETE FROM job WHERE key = ?'),
  };
}

/** False where the lease is no longer the caller's. */
function applyChange(sql: ReturnType<typeof prepare>, change: JobChange): boolean {
  switch (change.op) {
    case 'put': {
      const { key, kind, dueAt, payload, attempts } = change.job;
      const put = change.keep === true ? sql.putIfFree : sql.put;
      put(key, kind, dueAt.getTime(), payload, attempts);
      return true;
    }
    case 'done':
      return sql.done(change.key, change.lease).changes > 0;
    case 'retry':
      return sql.retry(change.dueAt.getTime(), change.key, change.lease).changes > 0;
    case 'cancel':
      sql.cancel(change.key);
      return true;
  }
}

function toJob(row: Row): Job {
  const { key, kind, payload, attempts } = row;
  return { key, kind, dueAt: new Date(row.due), payload, attempts };
}
