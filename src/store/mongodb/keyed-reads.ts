import { limits } from '../../limits.ts';
import { prefixEnd } from '../order.ts';
import type { AuditRow, Job, OutboxEvent, SourceView, StateEntry } from '../store.ts';
import { claimId } from './claim-id.ts';
import type { AuditDocument, Collections, SourceDocument } from './layout.ts';
import type { Parts } from './parts.ts';

/** Reads of what is kept by key or in a row: claims, source views, state, outbox, jobs, audit. */
export class KeyedReads {
  readonly #collections: Collections;
  readonly #parts: Parts;

  constructor(collections: Collections, parts: Parts) {
    this.#collections = collections;
    this.#parts = parts;
  }

  async claimOwners(keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const claims = await this.#collections.claim
      .find({ _id: { $in: keys.map(claimId) } }, { batchSize: limits.mongoBatchMax })
      .toArray();
    return new Map(claims.map(({ key, owner }) => [key, owner]));
  }

  async sourceView(source: string, type: string, id: string): Promise<SourceView | undefined> {
    const row = await this.#collections.source.findOne({ _id: `${type}/${id}/${source}` });
    return row === null ? undefined : toView(row, this.#parts);
  }

  async sourceViews(type: string, id: string): Promise<readonly SourceView[]> {
    const rows = await this.#collections.source
      .find({ of: `${type}/${id}` }, { sort: { source: 1 } })
      .toArray();
    return Promise.all(rows.map((row) => toView(row, this.#parts)));
  }

  async state(key: string): Promise<StateEntry | undefined> {
    const row = await this.#collections.state.findOne({ _id: key });
    return row === null ? undefined : { key, value: row.value, revision: row.revision };
  }

  async states(prefix: string): Promise<readonly StateEntry[]> {
    const rows = await this.#collections.state
      .find(
        { _id: beginningWith(prefix) },
        { sort: { _id: 1 }, limit: limits.statePageMax, batchSize: limits.mongoBatchMax },
      )
      .toArray();
    return rows.map(({ _id: key, value, revision }) => ({ key, value, revision }));
  }

  async pending(limit: number, after = 0): Promise<readonly OutboxEvent[]> {
    if (limit <= 0) return [];
    const rows = await this.#collections.outbox
      .find({ _id: { $gt: after } }, { sort: { _id: 1 }, limit, batchSize: limit })
      .toArray();
    return rows.map(({ _id, seq, type, id, version, method, origin, at }) => ({
      ...{ position: _id, seq, type, id, versionId: String(version), method, origin },
      at: new Date(at),
    }));
  }

  async jobs(prefix: string, limit: number): Promise<readonly Job[]> {
    if (limit <= 0) return [];
    const rows = await this.#collections.job
      .find({ _id: beginningWith(prefix) }, { sort: { due: 1, _id: 1 }, limit, batchSize: limit })
      .toArray();
    return rows.map(({ _id: key, kind, due, payload, attempts }) => {
      return { key, kind, dueAt: new Date(due), payload, attempts };
    });
  }

  /** Whether anything may be leased: asked before a transaction, which would disturb others for nothing. */
  async hasDueJobs(now: Date): Promise<boolean> {
    const at = now.getTime();
    const found = await this.#collections.job.findOne(
      { due: { $lte: at }, leasedUntil: { $lte: at } },
      { projection: { _id: 1 } },
    );
    return found !== null;
  }

  async auditRows(after: number, limit: number): Promise<readonly AuditRow[]> {
    if (limit <= 0) return [];
    const rows = await this.#collections.audit
      .find({ _id: { $gt: after } }, { sort: { _id: 1 }, limit, batchSize: limit })
      .toArray();
    return rows.map(toAuditRow);
  }

  async auditHead(): Promise<AuditRow | undefined> {
    const row = await this.#collections.audit.findOne({}, { sort: { _id: -1 } });
    return row === null ? undefined : toAuditRow(row);
  }
}

export async function toView(row: SourceDocument, parts: Parts): Promise<SourceView> {
  const [type = '', id = ''] = row.of.split('/');
  return {
    ...{ source: row.source, type, id, controlId: row.controlId },
    eventTime: new Date(row.eventTime),
    receivedAt: new Date(row.receivedAt),
    view: await parts.text(row.view, row.owner, row.parts),
  };
}

export function toAuditRow({ _id: seq, at, event, previousHash, hash }: AuditDocument): AuditRow {
  return { seq, at: new Date(at), event, previousHash, hash };
}

function beginningWith(prefix: string): { $gte: string; $lt?: string } {
  const end = prefixEnd(prefix);
  return end === undefined ? { $gte: prefix } : { $gte: prefix, $lt: end };
}
