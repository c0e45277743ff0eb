import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OutcomeError } from './fhir/issue.ts';
import { parseJson } from './fhir/json.ts';
import type { Resource } from './fhir/resource.ts';
import { compileSearchParameters, type CustomSearchParameter } from './fhir/search-registry.ts';
import { limits } from './limits.ts';
import type { MapFolder } from './map-files.ts';
import { readTopic } from './subscription/topic.ts';

interface ProfileFile {
  readonly path: string;
  readonly resource: Resource;
}

/**
 * What the folders' JSON files hold. Search parameters: a later one with the same url takes the place of an earlier; one
 * that is not `active` takes no part, so that `retired` switches one off. Profiles, code systems, value sets, concept
 * maps and SubscriptionTopics: as they are; a later one goes before an earlier of its url. Every fault names its file.
 */
export async function readProfileFiles(folders: readonly MapFolder[]): Promise<{
  readonly parameters: readonly CustomSearchParameter[];
  readonly conformance: readonly Resource[];
  readonly faults: readonly string[];
}> {
  const faults: string[] = [];
  const conformance: Resource[] = [];
  const byUrl = new Map<string, ProfileFile>();
  for (const file of await readProfiles(folders, faults)) {
    const { resourceType, url } = file.resource;
    if (resourceType === 'SearchParameter')
      byUrl.set(typeof url === 'string' ? url : file.path, file);
    if (!conformanceTypes.has(resourceType)) continue;
    const fault = topicFault(file.resource);
    if (fault !== undefined) faults.push(`${file.path}: ${fault}`);
    else if (typeof url === 'string') conformance.push(file.resource);
    else faults.push(`${file.path}: a ${resourceType} needs a url`);
  }
  const files = [...byUrl.values()].filter(({ path, resource: { status } }) => {
    const known = ['active', 'draft', 'retired', 'unknown'].includes(String(status));
    if (!known) faults.push(`${path}: status is active, draft, retired or unknown`);
    return status === 'active';
  });
  const { parameters, issues } = compileSearchParameters(files.map(({ resource }) => resource));
  for (const { diagnostics, expression: [place = ''] = [] } of issues) {
    const [, index = '', member = ''] = /^\[(\d+)\]\.?(.*)$/.exec(place) ?? [];
    faults.push(`${files[Number(index)]?.path ?? ''}: ${diagnostics} (${member})`);
  }
  return { parameters, conformance, faults };
}

const conformanceTypes: ReadonlySet<string> = new Set([
  'StructureDefinition',
  'CodeSystem',
  'ValueSet',
  'ConceptMap',
  'SubscriptionTopic',
]);

/** What of an active SubscriptionTopic is not offered. */
function topicFault(resource: Resource): string | undefined {
  if (resource.resourceType !== 'SubscriptionTopic' || resource['status'] !== 'active')
    return undefined;
  try {
    readTopic(resource);
    return undefined;
  } catch (error) {
    if (error instanceof OutcomeError) return error.message;
    throw error;
  }
}

async function readProfiles(
  folders: readonly MapFolder[],
  faults: string[],
): Promise<readonly ProfileFile[]> {
  const files: ProfileFile[] = [];
  for (const { folder, shownAs } of folders) {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
    for (const name of names) {
      const path = join(shownAs, name);
      const read = await readProfile(join(folder, name));
      if (typeof read === 'string') faults.push(`${path}: ${read}`);
      else files.push({ path, resource: read });
    }
  }
  return files;
}

/** The resource, or what is wrong with the file. */
async function readProfile(file: string): Promise<Resource | string> {
  const { size } = await stat(file);
  const most = limits.profileFileBytesMax;
  if (size > most) return `is longer than ${String(most)} bytes (profileFileBytesMax)`;
  const { value, issues } = parseJson(await readFile(file, 'utf8'));
  const [issue] = issues;
  if (issue !== undefined) return issue.diagnostics;
  const isResource = typeof value === 'object' && value !== null && 'resourceType' in value;
  return isResource ? (value as Resource) : 'is no FHIR resource';
}
