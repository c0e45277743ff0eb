import { createHash } from 'node:crypto';
import type { IndexEntry, SearchLeaf, SearchNode } from '../fhir/search-ast.ts';
import { matchAll } from '../fhir/search-ast.ts';
import { parseJson } from '../fhir/json.ts';
import type { IdentifiedResource } from '../fhir/resource.ts';
import { limits } from '../limits.ts';
import {
  archiveSections,
  type ArchivedStore,
  type ArchiveRecord,
  type ArchiveSection,
} from './archive.ts';
import type { CopyOptions } from './copy-options.ts';
import { commonParameters, indexStateKey, readIndexState } from './index-state.ts';
import type { StoredVersion } from './store.ts';

/** What both stores were found to hold, each read by itself. */
export interface CopyProof {
  readonly equal: boolean;
  readonly sections: readonly SectionProof[];
  /** Searches that both were asked, and those that they answered differently. */
  readonly searches: { readonly asked: number; readonly different: readonly string[] };
}

interface SectionProof {
  readonly section: ArchiveSection;
  readonly equal: boolean;
  readonly source: SectionDigest;
  readonly target: SectionDigest;
}

interface SectionDigest {
  readonly records: number;
  /** The sum of the records' SHA-256, modulo 2^256, as hex: the same in whatever order keys are read. */
  readonly digest: string;
}

/** Reads both stores from end to end and compares them, then asks both the same searches. */
export async function proveEqual(
  options: CopyOptions,
  counts: (record: ArchiveRecord) => boolean,
): Promise<CopyProof> {
  const sections: SectionProof[] = [];
  for (const section of archiveSections) {
    const source = await digestOf(options.source, section, counts);
    const target = await digestOf(options.target, section, counts);
    sections.push({ section, equal: source.digest === target.digest, source, target });
    options.onProgress?.({
      section: 'proof',
      done: sections.length,
      total: archiveSections.length,
    });
  }
  const searches = await compareSearches(options);
  const equal = sections.every((proof) => proof.equal) && searches.different.length === 0;
  return { equal, sections, searches };
}

async function digestOf(
  { archive }: ArchivedStore,
  section: ArchiveSection,
  counts: (record: ArchiveRecord) => boolean,
): Promise<SectionDigest> {
  let [records, sum] = [0, 0n];
  let after: string | number | undefined;
  do {
    const page = await archive.export(section, after, limits.copyProofRecords);
    for (const record of page.records.filter(counts)) {
      records += 1;
      sum += recordHash(record, records);
    }
    after = page.next;
  } while (after !== undefined);
  const digest = BigInt.asUintN(256, sum).toString(16).padStart(64, '0');
  return { records, digest };
}

/** Of the journal the order counts too; every other record bears what it is ordered by. */
function recordHash(record: ArchiveRecord, ordinal: number): bigint {
  const ordered = record.section === 'journal' ? { ordinal, ...record } : record;
  const text = JSON.stringify(canonical(ordered));
  return BigInt(`0x${createHash('sha256').update(text).digest('hex')}`);
}

/** One text for one value: keys in order, bytes as hex. */
function canonical(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (value instanceof Date || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(canonical);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, of]) => [key, canonical(of)]));
}

/** Everything of each type, and what some of its resources are found by. */
async function compareSearches(options: CopyOptions): Promise<CopyProof['searches']> {
  const { source, target } = options;
  const different: string[] = [];
  let asked = 0;
  const compare = async (type: string, where: SearchNode, what: string): Promise<void> => {
    asked += 1;
    const answers = [await answer(source, type, where), await answer(target, type, where)];
    if (answers[0] !== answers[1]) different.push(`${type}: ${what}`);
  };
  const types = new Set([...(await source.counts()).keys(), ...(await target.counts()).keys()]);
  for (const type of types) {
    await compare(type, matchAll, 'everything');
    for (const entry of await sampleEntries(options, type)) {
      const leaf = leafOf(entry);
      if (leaf !== undefined) await compare(type, leaf, `${entry.param} (${entry.kind})`);
    }
  }
  return { asked, different };
}

async function answer(store: ArchivedStore, type: string, where: SearchNode): Promise<string> {
  const { matches, total } = await store.search({
    ...{ types: [type], where, count: 50, total: 'accurate' },
    sort: [{ param: '_id', kind: 'id', descending: false }],
  });
  return JSON.stringify([total, matches.map(({ id, versionId }) => [id, versionId])]);
}

const sampleResources = 3;

/** The entries of some resources, of parameters that the source's index is sound for. */
async function sampleEntries(
  { source, extract, parametersOf }: CopyOptions,
  type: string,
): Promise<IndexEntry[]> {
  const state = readIndexState((await source.state(indexStateKey(type)))?.value);
  const sound = state.walk === undefined ? commonParameters(state.sound, parametersOf(type)) : {};
  const { matches } = await source.search({
    ...{ types: [type], where: matchAll, sort: [], count: sampleResources, total: 'none' },
  });
  return matches.flatMap((version) =>
    extract(resourceOf(version)).filter(({ param }) => param in sound),
  );
}

function resourceOf({ body }: StoredVersion): IdentifiedResource {
  return parseJson(body).value as unknown as IdentifiedResource;
}

/** A condition that the entry fulfils; none for those without a simple one. */
function leafOf(entry: IndexEntry): SearchLeaf | undefined {
  const { param } = entry;
  switch (entry.kind) {
    case 'token':
    case 'referenceIdentifier':
      return { op: entry.kind, param, system: entry.system, code: entry.code };
    case 'string':
      return { op: 'string', param, match: 'exact', value: entry.exact };
    case 'date':
      return { op: 'date', param, prefix: 'eq', lo: entry.lo, hi: entry.hi };
    case 'number':
    case 'quantity': {
      const { lo, hi, value } = entry;
      return { op: entry.kind, param, prefix: 'ge', lo, hi, value };
    }
    case 'ucum': {
      const { lo, hi, value, unit } = entry;
      return { op: 'ucum', param, prefix: 'ge', lo, hi, value, unit };
    }
    case 'uri':
      return { op: 'uri', param, match: 'exact', value: entry.value };
    case 'reference':
      return entry.id === null ? undefined : { op: 'reference', param, id: entry.id };
    case 'composite':
    case 'position':
      return undefined;
  }
}
