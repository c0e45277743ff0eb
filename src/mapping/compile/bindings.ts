import { valueSetCodes } from '../../fhir/definitions.ts';
import type { Json } from '../../fhir/resource.ts';
import { suggestion, type MapPlace } from '../map-issue.ts';
import type { CompiledTable } from '../run/table.ts';
import type { Compiler } from './compiler.ts';
import type { ElementPlace } from './element.ts';

/**
 * Codes that an element with a required binding may have; undefined where any may be right. A part of a concept
 * (`clinicalStatus.coding.code`) is bound as the concept is.
 */
function boundCodes({ leaf, concept }: ElementPlace): ReadonlySet<string> | undefined {
  const { binding } = (concept ?? leaf).definition;
  if (binding?.strength !== 'required' || !leaf.types.some((type) => coded.has(type)))
    return undefined;
  const bySystem = valueSetCodes(binding.valueSet);
  return bySystem && new Set([...bySystem.values()].flatMap((codes) => [...codes]));
}

/** What a table's code may become, and be bound. */
const coded: ReadonlySet<string> = new Set(['code', 'Coding', 'CodeableConcept']);

/** Reports rows of a table that an element's required binding does not allow. */
export function checkTable(
  table: CompiledTable,
  element: ElementPlace,
  { compiler, place }: { compiler: Compiler; place: MapPlace },
): void {
  const codes = boundCodes(element);
  if (!codes) return;
  for (const target of table.targets) {
    if (!codes.has(target.code)) report(target, { element, codes, compiler });
  }
  if (table.otherwise === 'keep') {
    const advice = 'say `else: error`, `drop` or a code';
    compiler.issues.add(
      place,
      `\`${element.text}\` allows certain codes only, but \`${table.name}\` says \`else: keep\`; ${advice}`,
    );
  }
}

/** Reports a constant that an element's required binding does not allow. */
export function checkConstant(
  value: Json,
  element: ElementPlace,
  { compiler, place }: { compiler: Compiler; place: MapPlace },
): void {
  const said = codesIn(value);
  const codes = said.length === 0 ? undefined : boundCodes(element);
  if (!codes || said.some((code) => codes.has(code))) return;
  for (const code of said) report({ code, place }, { element, codes, compiler });
}

/** The code that a constant is, or those of its codings, one of which has to be bound. */
function codesIn(value: Json): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const { coding, code } = value as { coding?: Json; code?: Json };
  if (Array.isArray(coding)) return coding.flatMap((one) => codesIn(one as Json));
  return typeof code === 'string' ? [code] : [];
}

interface Binding {
  readonly element: ElementPlace;
  readonly codes: ReadonlySet<string>;
  readonly compiler: Compiler;
}

function report(
  { code, place }: { readonly code: string; readonly place: MapPlace },
  { element, codes, compiler }: Binding,
): void {
  const known = codes.size > 30 ? '' : `; it may be ${[...codes].join(', ')}`;
  const hint = suggestion(code, codes) || known;
  compiler.issues.add(place, `\`${element.text}\` cannot be \`${code}\` in FHIR R4${hint}`);
}
