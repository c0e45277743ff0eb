import { listOf, textOf, type CodeSystem } from '../../fhir/code-system.ts';
import type { Resource } from '../../fhir/resource.ts';
import { canonicalUnit, ucumSystem } from '../../fhir/ucum.ts';
import { fieldDefinition } from '../../hl7v2/dictionary.ts';
import { unitText } from '../datatypes/units.ts';
import type { TableRule } from '../language/model.ts';
import type { SystemByUrl } from './check-target.ts';
import type { OpenCode } from './open-code.ts';
import type { Candidate } from './suggest.ts';

/** What is at hand to choose from. */
export interface AtHand {
  /** Tables of all maps, with whether the site made them. */
  readonly tables: readonly { readonly rule: TableRule; readonly isOfSite: boolean }[];
  /** ConceptMaps of the site. */
  readonly conceptMaps: readonly Resource[];
  readonly systemOf: SystemByUrl;
}

/**
 * What a code could become: for a code of a table, whatever that table gives, the code system of its targets, and what the
 * site's other tables and ConceptMaps give in that system; for any other, all that these give, the HL7 table of its
 * field, and UCUM where it is a unit.
 */
export function candidatesFor(open: OpenCode, atHand: AtHand): readonly Candidate[] {
  const own = atHand.tables.filter(({ rule }) => rule.name === open.table).map(({ rule }) => rule);
  const systems = new Set(own.flatMap(targetsOf));
  const isFit = ({ system }: Candidate): boolean => systems.size === 0 || systems.has(system);
  const others = atHand.tables.filter(({ rule, isOfSite }) => isOfSite && rule.name !== open.table);
  return [
    ...own.flatMap(candidatesOfTable),
    ...[...systems].flatMap((url) => candidatesOfSystem(atHand.systemOf(url))),
    ...own.flatMap((rule) => throughSource(rule, atHand.systemOf)),
    ...others.flatMap(({ rule }) => candidatesOfTable(rule)).filter(isFit),
    ...atHand.conceptMaps.flatMap(candidatesOfMap).filter(isFit),
    ...(open.table === '' ? ofField(open, atHand) : []),
    ...(systems.has(ucumSystem) || /unit/i.test(open.element) ? ofUnits(open) : []),
  ];
}

function targetsOf({ rows, target }: TableRule): readonly string[] {
  const said = [...rows.values()].map(({ system }) => system ?? target);
  return [target, ...said].filter((system) => system !== undefined);
}

function candidatesOfTable({ name, rows, target }: TableRule): readonly Candidate[] {
  return [...rows].flatMap(([source, { code, display = '', system = target }]) => {
    if (typeof code !== 'string' && typeof code !== 'number') return [];
    const of = { code: source, display };
    return [{ system: system ?? '', code: String(code), display, from: `${name}[${source}]`, of }];
  });
}

/** All that can be used of a code system. */
export function candidatesOfSystem(system: CodeSystem | undefined): readonly Candidate[] {
  if (system === undefined) return [];
  const from = system.title ?? system.name ?? system.url;
  return [...system.concepts.values()]
    .filter(({ abstract, inactive }) => !abstract && !inactive)
    .map(({ code, display = code }) => ({ system: system.url, code, display, from }));
}

/** By what the HL7 table of the sender's codes calls them: `Female` is F, and F has a row. */
function throughSource(rule: TableRule, systemOf: SystemByUrl): readonly Candidate[] {
  const source = rule.system === undefined ? undefined : systemOf(rule.system);
  return candidatesOfTable(rule).flatMap((candidate) => {
    const display = source?.find(candidate.of?.code ?? '')?.display;
    return display === undefined
      ? []
      : [{ ...candidate, of: { code: candidate.of?.code ?? '', display } }];
  });
}

function candidatesOfMap(map: Resource): readonly Candidate[] {
  const name = textOf(map['name']) ?? textOf(map['url']) ?? 'ConceptMap';
  return listOf(map['group']).flatMap((group) =>
    listOf(group['element']).flatMap((element) =>
      listOf(element['target']).flatMap((target) => {
        const [code, source] = [textOf(target['code']), textOf(element['code'])];
        if (code === undefined || source === undefined) return [];
        const of = { code: source, display: textOf(element['display']) ?? '' };
        const display = textOf(target['display']) ?? '';
        return [
          { system: textOf(group['target']) ?? '', code, display, from: `${name}[${source}]`, of },
        ];
      }),
    ),
  );
}

function ofField({ position }: OpenCode, { systemOf }: AtHand): readonly Candidate[] {
  const [segment = '', field = ''] = position.split('-');
  const table = fieldDefinition(segment, Number(field))?.table;
  if (table === undefined) return [];
  const url = `http://terminology.hl7.org/CodeSystem/v2-${String(table).padStart(4, '0')}`;
  return candidatesOfSystem(systemOf(url));
}

function ofUnits({ code }: OpenCode): readonly Candidate[] {
  const { code: known } = unitText(code);
  const ucum =
    typeof known === 'string' ? known : canonicalUnit(code) === undefined ? undefined : code;
  return ucum === undefined
    ? []
    : [
        {
          system: ucumSystem,
          code: ucum,
          display: code,
          from: 'UCUM',
          of: { code, display: code },
        },
      ];
}
