import type { Resource } from '../fhir/resource.ts';
import type { TableRow, TableRule } from './language/model.ts';

/**
 * A table as a ConceptMap (http://hl7.org/fhir/R4/conceptmap.html): a group per target system. `else` with a code is
 * `unmapped`; rows that make nothing, and values that are no codes, are left out. Undefined where nothing is left, or
 * the table does not say the system of its own codes.
 */
export function conceptMapOf(rule: TableRule): Resource | undefined {
  const source = systemUrl(rule.system);
  if (source === undefined) return undefined;
  const groups = new Map<string, object[]>();
  for (const [code, row] of rule.rows) {
    const target = systemUrl(row.system ?? rule.target);
    if (target === undefined || typeof row.code !== 'string') continue;
    const elements = groups.get(target) ?? [];
    groups.set(target, elements);
    elements.push({ code, target: [targetOf(rule, row)] });
  }
  if (groups.size === 0) return undefined;
  const { otherwise } = rule;
  const fixed = otherwise.kind === 'code' ? otherwise.row : undefined;
  const id = rule.name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
  return {
    resourceType: 'ConceptMap',
    id,
    url: `https://weir.dev/fhir/ConceptMap/${id}`,
    name: rule.name,
    status: 'active',
    group: [...groups].map(([target, element]) => {
      const isElse = fixed !== undefined && systemUrl(fixed.system ?? rule.target) === target;
      const unmapped = isElse && typeof fixed.code === 'string' ? unmappedOf(fixed) : {};
      return { source, target, element, ...unmapped };
    }),
  };
}

/** A target that several codes lead to is wider than each of them. */
function targetOf({ rows }: TableRule, { code, display, system }: TableRow): object {
  const same = [...rows.values()].filter((row) => row.code === code && row.system === system);
  const equivalence = same.length > 1 ? 'wider' : 'equivalent';
  return { code, ...(display === undefined ? {} : { display }), equivalence };
}

function unmappedOf({ code, display }: TableRow): object {
  return { unmapped: { mode: 'fixed', code, ...(display === undefined ? {} : { display }) } };
}

function systemUrl(system: string | undefined): string | undefined {
  const table = /^v2-(\d{4})$/.exec(system ?? '')?.[1];
  return table === undefined ? system : `http://terminology.hl7.org/CodeSystem/v2-${table}`;
}
