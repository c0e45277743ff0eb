import { patientCompartment } from '../../fhir/definitions.ts';
import type { IdentifiedResource } from '../../fhir/resource.ts';
import type { IndexEntry, SearchNode } from '../../fhir/search-ast.ts';
import { extractIndex } from '../../fhir/search-extract.ts';
import { matches } from '../../fhir/search-match.ts';
import { compartmentFilter } from '../../security/policy.ts';
import type { StoredVersion } from '../../store/store.ts';
import { isObject, jsonOf } from '../body.ts';
import type { RestContext } from '../call.ts';
import { joinText } from '../background/text-parts.ts';
import type { Work } from '../background/work.ts';
import { filterNode } from './export-request.ts';
import type { ExportTask } from './export-task.ts';

/** Whether a version belongs to an export. `withFilters`: the type filters too, which a deletion need not meet. */
export type Selects = (version: StoredVersion, withFilters: boolean) => boolean;

/** What one export selects, for the one who asked for it and no one else. */
export async function selection(context: RestContext, work: Work): Promise<Selects> {
  const task = work.task as ExportTask;
  const patients = await patientsOf(context, work);
  const startedAt = new Date(work.startedAt);
  const filters = new Map<string, SearchNode>();
  for (const type of task.types) {
    const own = task.filters.filter((filter) => filter.type === type);
    if (own.length === 0) continue;
    filters.set(type, {
      op: 'or',
      nodes: own.map((filter) => filterNode(context, filter, startedAt)),
    });
  }
  return (version, withFilters) => {
    const { type, id, lastUpdated, body } = version;
    const confined = compartmentFilter(work.owner, type);
    const filter = withFilters ? filters.get(type) : undefined;
    if (confined === undefined && filter === undefined && patients === undefined) return true;
    const entries = extractIndex(jsonOf(version.body) as unknown as IdentifiedResource);
    const target = { type, id, lastUpdated: lastUpdated.getTime(), body };
    const fulfils = (node: SearchNode | undefined): boolean =>
      node === undefined || matches(entries, target, node);
    return fulfils(confined) && fulfils(filter) && isOfPatients(patients, target, entries);
  };
}

type Patients = ReadonlySet<string> | 'all' | undefined;

function isOfPatients(
  patients: Patients,
  { type, id }: { readonly type: string; readonly id: string },
  entries: readonly IndexEntry[],
): boolean {
  if (patients === undefined) return true;
  if (type === 'Patient') return patients === 'all' || patients.has(id);
  const params = patientCompartment(type);
  return entries.some((entry) => {
    if (entry.kind !== 'reference' || entry.type !== 'Patient' || entry.id === null) return false;
    return params.includes(entry.param) && (patients === 'all' || patients.has(entry.id));
  });
}

/** The patients that an export is of; undefined where it is of the whole system. */
async function patientsOf(context: RestContext, work: Work): Promise<Patients> {
  const { level, group } = work.task as ExportTask;
  if (level === 'system') return undefined;
  const named = await namedPatients(context, work);
  if (group === undefined) return named ?? 'all';
  const version = await context.store.readVersion('Group', group.id, group.versionId);
  const members = version === undefined ? [] : membersOf(version);
  return new Set(members.filter((id) => named?.has(id) ?? true));
}

async function namedPatients(
  { store }: RestContext,
  { id, task }: Work,
): Promise<ReadonlySet<string> | undefined> {
  const { patientParts: count } = task as ExportTask;
  if (count === undefined) return undefined;
  let ids = '';
  for await (const piece of joinText(store, id, { name: 'patients', count })) ids += piece;
  return new Set(ids.split(','));
}

/** Patients that are members and not marked inactive (http://hl7.org/fhir/R4/group.html). */
function membersOf(version: StoredVersion): readonly string[] {
  const group = jsonOf(version.body);
  const member = isObject(group) && Array.isArray(group['member']) ? group['member'] : [];
  return member.flatMap((one: unknown) => {
    const { entity, inactive } = one as { entity?: { reference?: unknown }; inactive?: unknown };
    const id = /^(?:.*\/)?Patient\/([A-Za-z0-9\-.]{1,64})/.exec(String(entity?.reference))?.[1];
    return id === undefined || inactive === true ? [] : [id];
  });
}
