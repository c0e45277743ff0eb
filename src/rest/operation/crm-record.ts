import { createHash } from 'node:crypto';
import { fail } from '../../fhir/issue.ts';
import { stringify } from '../../fhir/json.ts';
import { parseReference } from '../../fhir/reference.ts';
import { listReferences } from '../../fhir/reference-walk.ts';
import type { IdentifiedResource, Resource } from '../../fhir/resource.ts';
import { limits } from '../../limits.ts';
import { buildCrmRecord, recordNeeds, sharedTypes } from '../../record/crm-record.ts';
import type { Freshness } from '../../record/freshness.ts';
import { freshnessPrefix, freshnessState, readFreshness } from '../../record/freshness.ts';
import { recordViews, sectionsFor } from '../../record/record-view.ts';
import type { RecordView, SectionName } from '../../record/record-view.ts';
import type { SourceView, StoredVersion } from '../../store/store.ts';
import { jsonOf } from '../body.ts';
import type { Answer, Call, Params, RestContext } from '../call.ts';
import { paramOf } from '../call.ts';
import { parseEtags } from '../etag.ts';
import { loadOf, loadPatient, resourcesOf } from './person.ts';

/**
 * `GET Patient/id/$crm-record?view=&section=`: the unified record of the person as a document Bundle, of the
 * sections that the view, the `section`s asked for and the caller's role allow. The ETag stands for what
 * the record is made of; If-None-Match with it is answered 304 before anything is put together.
 */
export async function crmRecord(context: RestContext, call: Call): Promise<Answer> {
  const sections = wantedSections(call);
  const patient = await loadPatient(context, call);
  const material = await loadMaterial(context, patient, sections);
  const now = context.clock();
  const etag = etagOfMaterial(material, sections, now);
  const known = parseEtags(call.headers['if-none-match'] ?? `"none"`);
  if (known.includes(etag.slice(3, -1))) return { status: 304, etag };
  const record = buildCrmRecord({
    patient: resourceOf(patient),
    resources: resourcesOf(material.versions),
    sources: material.views.map((view) => ({ ...view, view: jsonOf(view.view) as Resource })),
    feeds: material.feeds,
    sections,
    now,
    baseUrl: context.baseUrl,
  });
  return { status: 200, body: stringify(record), etag, shown: [patient, ...material.versions] };
}

interface Material {
  readonly patient: StoredVersion;
  readonly versions: readonly StoredVersion[];
  readonly views: readonly SourceView[];
  readonly feeds: readonly Freshness[];
}

async function loadMaterial(
  context: RestContext,
  patient: StoredVersion,
  sections: readonly SectionName[],
): Promise<Material> {
  const counts = await context.store.counts();
  const needs = recordNeeds(sections).filter(({ type }) => (counts.get(type) ?? 0) > 0);
  const found = await Promise.all(
    needs.map(({ type, param }) => loadOf(context, patient.id, { type, params: [param] })),
  );
  const versions = found.flat();
  const shared = await loadShared(context, versions);
  const states = await context.store.states(freshnessPrefix);
  return {
    patient,
    versions: [...versions, ...shared],
    views: await context.store.sourceViews(patient.type, patient.id),
    feeds: states.flatMap(({ value }) => readFreshness(value) ?? []),
  };
}

/** Practitioners, medications and the like that what was found refers to. */
async function loadShared(
  context: RestContext,
  versions: readonly StoredVersion[],
): Promise<readonly StoredVersion[]> {
  const wanted = new Map<string, { type: string; id: string }>();
  for (const resource of resourcesOf(versions)) {
    for (const { reference } of listReferences(resource)) {
      const parsed = parseReference(reference);
      if (parsed?.kind !== 'relative' || !sharedTypes.has(parsed.type)) continue;
      if (wanted.size < limits.recordSectionMax) wanted.set(reference, parsed);
    }
  }
  const reads = [...wanted.values()].map(({ type, id }) => context.store.read(type, id));
  return (await Promise.all(reads)).flatMap((version) =>
    version === undefined || version.deleted ? [] : [version],
  );
}

/** Changes with every resource, view and feed state shown; and by the hour, as what is due moves on. */
function etagOfMaterial(
  { patient, versions, views, feeds }: Material,
  sections: readonly SectionName[],
  now: Date,
): string {
  const hash = createHash('sha256').update(sections.join());
  for (const { type, id, versionId } of [patient, ...versions]) {
    hash.update(`|${type}/${id}/${versionId}`);
  }
  for (const { source, controlId } of views) hash.update(`|${source} ${controlId}`);
  for (const feed of feeds) hash.update(`|${feed.source} ${freshnessState(feed, now)}`);
  hash.update(now.toISOString().slice(0, 'yyyy-mm-ddThh'.length));
  return `W/"${hash.digest('base64url')}"`;
}

function wantedSections(call: Call): readonly SectionName[] {
  const view = paramOf(call.params, 'view') ?? 'full';
  if (!Object.hasOwn(recordViews, view)) {
    fail('search-value', `view takes ${Object.keys(recordViews).join(', ')}`);
  }
  const allowed = sectionsFor(view as RecordView, call.principal.role);
  const asked = sectionParams(call.params);
  return asked.length === 0 ? allowed : allowed.filter((name) => asked.includes(name));
}

function sectionParams(params: Params): readonly string[] {
  return params.flatMap(([name, value]) => (name === 'section' ? value.split(',') : []));
}

function resourceOf(version: StoredVersion): IdentifiedResource {
  return jsonOf(version.body) as unknown as IdentifiedResource;
}
