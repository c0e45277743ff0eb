import { patientCompartment } from '../fhir/definitions.ts';
import type { SearchNode } from '../fhir/search-ast.ts';
import type { Principal, Role } from './principal.ts';
import { resourceGroup, resourceGroups } from './resource-group.ts';

/**
 * What the REST interface can be asked: FHIR's restful interactions
 * (http://hl7.org/fhir/R4/valueset-system-restful-interaction.html and type-restful-interaction) and our operations.
 */
export type Interaction =
  | 'capabilities'
  | 'read'
  | 'vread'
  | 'history-instance'
  | 'history-type'
  | 'history-system'
  | 'search-type'
  | 'search-system'
  | 'create'
  | 'update'
  | 'patch'
  | 'delete'
  | 'batch'
  | 'validate'
  | 'graphql'
  | 'everything'
  | 'terminology'
  | 'meta'
  | 'record'
  | 'export'
  | 'import'
  | 'async-status'
  | 'subscription-status';

/** Each level holds the ones before it: who may delete may write, who may write may read. */
const levels = ['none', 'read', 'write', 'delete'] as const;
type Level = (typeof levels)[number];

/** Role x group of types. docs/reference/security.md explains the table; a test holds the page to it. */
const table = readTable(`
              identity scheduling encounter communication billing clinical directory definition oversight
  admin       delete   delete     delete    delete        delete  delete   delete    delete     delete
  analyst     read     read       read      read          read    read     write     write      none
  clinician   write    write      write     write         read    write    read      read       none
  nurse       write    write      write     write         none    write    read      read       none
  frontdesk   write    write      write     write         write   none     read      read       none
  billing     read     read       read      write         write   none     read      read       none
  integration delete   delete     delete    delete        delete  delete   delete    write      write
  app         write    write      read      write         read    write    read      read       none
`);

/** Billing codes rest on what was found and done. */
const alsoRead: Readonly<Partial<Record<Role, readonly string[]>>> = {
  billing: ['Condition', 'Procedure', 'ServiceRequest'],
};

const needed: Readonly<Record<Interaction, Level>> = {
  capabilities: 'none',
  read: 'read',
  vread: 'read',
  'history-instance': 'read',
  'history-type': 'read',
  'history-system': 'read',
  'search-type': 'read',
  'search-system': 'read',
  create: 'write',
  update: 'write',
  patch: 'write',
  delete: 'delete',
  batch: 'none',
  validate: 'none',
  graphql: 'none',
  everything: 'read',
  terminology: 'read',
  meta: 'write',
  record: 'read',
  // What of it the caller may see is decided type by type, as a search decides.
  export: 'none',
  import: 'delete',
  // Whoever asked for it, and the administrator.
  'async-status': 'none',
  'subscription-status': 'read',
};

/** Offered to administrators alone. */
const forAdministrators: ReadonlySet<Interaction> = new Set(['import']);

/**
 * Whether the principal's role offers the interaction on the type at all; which resources of the type
 * it may see is {@link compartmentFilter}. `type` is absent for interactions on the whole system. Each
 * entry of a Bundle is asked for by itself.
 */
export function allowed(principal: Principal, interaction: Interaction, type?: string): boolean {
  const level = needed[interaction];
  if (level === 'none') return true;
  const confined = principal.patient !== undefined;
  if (forAdministrators.has(interaction) && principal.role !== 'admin') return false;
  if (type === undefined) {
    return interaction === 'search-system' || (!confined && levelEverywhere(principal.role, level));
  }
  if (confined && !allowedInCompartment(interaction, type)) return false;
  return reaches(levelOf(principal.role, type), level);
}

/**
 * Confines a principal with `patient` to that Patient compartment: what a resource of the type must match
 * to be seen or written. Undefined: no confinement for this principal or type.
 */
export function compartmentFilter(principal: Principal, type: string): SearchNode | undefined {
  const { patient } = principal;
  if (patient === undefined || isShared(type)) return undefined;
  if (type === 'Patient') return { op: 'id', ids: [patient] };
  const nodes = compartmentParams(type).map((param): SearchNode => {
    return { op: 'reference', param, type: 'Patient', id: patient };
  });
  return nodes.length === 0 ? { op: 'id', ids: [] } : { op: 'or', nodes };
}

/** The level a role has on a type; the page and its test read it too. */
export function levelOf(role: Role, type: string): Level {
  const level = table.get(`${role} ${resourceGroup(type)}`) ?? 'none';
  return level === 'none' && alsoRead[role]?.includes(type) === true ? 'read' : level;
}

/** Types outside of every patient's compartment that all may read: who, where, and what words mean. */
function isShared(type: string): boolean {
  const group = resourceGroup(type);
  return group === 'directory' || group === 'definition';
}

function allowedInCompartment(interaction: Interaction, type: string): boolean {
  if (interaction === 'history-type') return false;
  if (isShared(type)) return needed[interaction] === 'read';
  return type === 'Patient' || compartmentParams(type).length > 0;
}

function levelEverywhere(role: Role, level: Level): boolean {
  return [...Object.keys(resourceGroups), 'clinical'].every((group) =>
    reaches(table.get(`${role} ${group}`) ?? 'none', level),
  );
}

function compartmentParams(type: string): readonly string[] {
  return patientCompartment(type) ?? [];
}

function reaches(has: Level, level: Level): boolean {
  return levels.indexOf(has) >= levels.indexOf(level);
}

/** Levels by `role group`. */
function readTable(text: string): ReadonlyMap<string, Level> {
  const rows = text
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/ +/));
  const [groups = [], ...roles] = rows;
  return new Map(
    roles.flatMap(([role = '', ...words]) =>
      groups.map((group, i) => [`${role} ${group}`, levelNamed(words[i])] as const),
    ),
  );
}

function levelNamed(word: string | undefined): Level {
  return levels.find((level) => level === word) ?? 'none';
}
