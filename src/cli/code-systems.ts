import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { builtInDefinitions } from '../fhir/built-in-definitions.ts';
import { codeSystemOf } from '../fhir/code-system.ts';
import { grammarSystem } from '../fhir/grammar-system.ts';
import type { Resource } from '../fhir/resource.ts';
import type { SystemByUrl } from '../mapping/codes/check-target.ts';
import { readProfileFiles } from '../profile-files.ts';
import { root } from './root.ts';

/** The code systems of the site and the program; those of a grammar, such as UCUM, too. */
export async function systemsAtHand(site: string): Promise<SystemByUrl> {
  const built = await builtInDefinitions();
  const own = await siteConformance(site);
  return (url) => {
    const resource =
      own.findLast(({ resourceType, url: its }) => resourceType === 'CodeSystem' && its === url) ??
      built.find('CodeSystem', url);
    return resource === undefined ? grammarSystem(url) : codeSystemOf(resource);
  };
}

/** The code systems, concept maps and the like of the program and the site. */
export async function siteConformance(site: string): Promise<readonly Resource[]> {
  const folders = [join(root, 'profiles'), ...(site === '' ? [] : [join(site, 'profiles')])];
  const { conformance } = await readProfileFiles(
    folders.filter((folder) => existsSync(folder)).map((folder) => ({ folder, shownAs: folder })),
  );
  return conformance;
}
