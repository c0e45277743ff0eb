import { createHash } from 'node:crypto';
import { fail } from '../fhir/issue.ts';
import { isUnconditional } from '../fhir/search-ast.ts';
import { limits } from '../limits.ts';
import { CommitRefused } from '../store/store.ts';
import type { Claim, StoredVersion } from '../store/store.ts';
import type { Call, Caller, Params, RestContext } from './call.ts';
import { confined, parseCriteria } from './criteria.ts';
import { formatQuery, parseQuery } from './query-string.ts';
import { refuseUnfinished } from './unfinished.ts';

/** What a conditional interaction asks for. */
export interface Condition {
  readonly type: string;
  readonly params: Params;
}

/**
 * The condition of an If-None-Exist header: the part after the `?`, or the whole URL. An empty one is
 * refused with `search-value`: it would mean "if there is no resource of this type at all".
 */
export function parseIfNoneExist(type: string, header: string): Condition {
  const query = header.slice(header.indexOf('?') + 1);
  return condition(type, parseQuery(query.trim()));
}

/** Throws `search-value` where there is nothing that tells one resource from another. */
export function condition(type: string, params: Params): Condition {
  const criteria = params.filter(([name, value]) => !controls.has(name) && value !== '');
  if (criteria.length === 0) {
    fail('search-value', 'A conditional interaction needs search criteria');
  }
  return { type, params: criteria };
}

/** Say how to answer, not what to look for. */
const controls = new Set(['_format', '_pretty', '_summary', '_elements', '_count', '_total']);

/**
 * The one resource that meets the condition; undefined if none does. Criteria are always strict: one that
 * is not understood must never mean "any". Throws `multiple-matches`, `index-incomplete`.
 */
export async function findOne(
  context: RestContext,
  call: Caller,
  { type, params }: Condition,
): Promise<StoredVersion | undefined> {
  const { query } = await parseCriteria(context, call, { types: [type], params, strict: true });
  if (isUnconditional(query.where)) {
    fail(
      'search-value',
      'The criteria of a conditional interaction are none: they match everything',
    );
  }
  const where = confined(call.principal, type, query.where);
  refuseUnfinished(context, { ...query, where, sort: [] });
  const page = await context.store.search({ ...query, where, count: 2, total: 'none', sort: [] });
  if (page.matches.length > 1) {
    fail('multiple-matches', `The criteria match more than one ${type}`);
  }
  return page.matches[0];
}

/** The key that makes creations under one condition exclude each other, whoever runs them. */
export function claimKey({ type, params }: Condition): string {
  const sorted = params.map((pair) => formatQuery([pair])).sort();
  const hash = createHash('sha256').update(sorted.join('&')).digest('base64url');
  return `conditional|${type}?${hash}`;
}

/** What {@link onceByClaim} ends with. */
export type Once<T> = { readonly found: StoredVersion } | { readonly made: T };

/**
 * Creates under a condition so that any number of callers make one resource: search; where nothing is
 * found commit with a claim on the condition. Who loses the claim searches again and finds the winner's
 * resource. A claim whose owner no longer meets the condition (deleted, changed) is stale and taken over,
 * again by one of them only.
 */
export async function onceByClaim<T>(
  context: RestContext,
  call: Call,
  wanted: Condition & { readonly owner: string },
  make: (claim: Claim) => Promise<T>,
): Promise<Once<T>> {
  const key = claimKey(wanted);
  let replaces: string | undefined;
  for (let attempt = 0; attempt < limits.commitAttemptsMax; attempt++) {
    const found = await findOne(context, call, wanted);
    if (found !== undefined) return { found };
    const claim = { key, owner: wanted.owner, ...(replaces === undefined ? {} : { replaces }) };
    try {
      return { made: await make(claim) };
    } catch (error) {
      if (!(error instanceof CommitRefused) || error.refusal.kind !== 'claim') throw error;
      replaces = error.refusal.owner;
    }
  }
  return fail('write-conflict', 'Others keep creating under the same criteria; try again');
}
