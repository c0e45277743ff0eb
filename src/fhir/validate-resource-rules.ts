/** Constraints of resources that the base passes over, or that its engine cannot tell. */
import { listOf, textOf } from './code-system.ts';
import type { Fault, Members } from './fault.ts';

interface OwnRule {
  readonly key: string;
  /** Below the resource; empty: the resource itself. */
  readonly path: string;
  readonly human: string;
  readonly holds: (resource: Members) => boolean;
}

const rules: Readonly<Record<string, OwnRule>> = {
  Observation: {
    key: 'obs-7',
    path: '',
    human: 'A component with the code of the observation cannot stand beside its value',
    holds: (observation) => !hasValue(observation) || !repeatsCode(observation),
  },
  Organization: {
    key: 'org-1',
    path: '',
    human: 'The organization SHALL at least have a name or an identifier',
    holds: ({ name, identifier, _name: extra }) =>
      name !== undefined || extra !== undefined || listOf(identifier).length > 0,
  },
  Questionnaire: {
    key: 'que-2',
    path: 'item',
    human: 'The link ids for groups and questions must be unique within the questionnaire',
    holds: ({ item }) => {
      const ids = linkIds(item);
      return new Set(ids).size === ids.length;
    },
  },
};

/** The rule that a resource breaks, and where. */
export function brokenResourceRule(
  resource: Members,
): { readonly path: string; readonly fault: Fault } | undefined {
  const rule = rules[String(resource['resourceType'])];
  if (!rule || rule.holds(resource)) return undefined;
  const diagnostics = `Constraint ${rule.key} not met: ${rule.human}`;
  return { path: rule.path, fault: { code: 'invariant', diagnostics } };
}

function hasValue(observation: Members): boolean {
  return Object.keys(observation).some((key) => /^_?value[A-Z]/.test(key));
}

function repeatsCode({ code, component }: Members): boolean {
  const components = listOf(component);
  if (components.length === 0) return false;
  const own = new Set(codingsOf(code));
  return components.some((each) => codingsOf(each['code']).some((coding) => own.has(coding)));
}

/** Codings as text; two are one where all of their members are. */
function codingsOf(concept: unknown): readonly string[] {
  return listOf((concept as Members | undefined)?.['coding']).map((coding) =>
    JSON.stringify(Object.entries(coding).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  );
}

function linkIds(items: unknown): readonly string[] {
  return listOf(items).flatMap(({ linkId, item }) => {
    const own = textOf(linkId);
    return [...(own === undefined ? [] : [own]), ...linkIds(item)];
  });
}
