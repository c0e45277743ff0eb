import type { Frame, PathReader } from '../run/compiled.ts';
import { isType } from '../../fhir/definitions.ts';
import type { Element } from '../../hl7v2/message.ts';
import type { Conversion, Convert, SystemCode, Translation, Typed } from '../datatypes/convert.ts';
import {
  builtInConverter,
  builtInTargets,
  converterFamily,
  isV2Type,
} from '../datatypes/registry.ts';
import type { At, DatatypeRule, SlotRule } from '../language/model.ts';
import { expandSystem } from '../language/read-table.ts';
import { suggestion } from '../map-issue.ts';
import { lookUp, type CompiledTable } from '../run/table.ts';
import { checkTable } from './bindings.ts';
import type { Compiler, ValueScope } from './compiler.ts';
import type { ElementPlace } from './element.ts';
import { compilePath } from './paths.ts';

/** What became of one value. */
export interface Converted {
  readonly typed: Typed;
  /** Table row for the trace. */
  readonly table: string | undefined;
}

export type ValueConverter = (element: Element, frame: Frame) => Converted | undefined;

interface Choice {
  readonly convert: Convert;
}

/** The converter of a slot: chosen from the v2 type, the element's FHIR types and the slot's verbs. */
export function compileConverter(
  rule: SlotRule,
  v2Type: string,
  { element, scope, compiler }: { element: ElementPlace; scope: ValueScope; compiler: Compiler },
): ValueConverter {
  const choose = chooser(rule, { element, compiler });
  const typeOf = compileValueType(rule, { scope, compiler, v2Type });
  const fixed = typeOf ? undefined : choose(v2Type, rule.element);
  const cache = new Map<string, Choice | undefined>();
  const prepare = compileConversion(rule, { element, scope, compiler });
  return (value, frame) => {
    const choice = typeOf ? dynamicChoice(typeOf(frame), cache, choose) : fixed;
    if (!choice) return undefined;
    const conversion = prepare(value, frame);
    const typed = choice.convert(value, conversion);
    return typed && { typed, table: conversion.row };
  };
}

type Choose = (v2Type: string, reportAt?: At<unknown>) => Choice | undefined;

function dynamicChoice(
  { v2Type, fhirType }: DynamicType,
  cache: Map<string, Choice | undefined>,
  choose: Choose,
): Choice | undefined {
  const key = `${v2Type} ${fhirType ?? ''}`;
  if (!cache.has(key)) {
    // Whatever a sender writes into OBX-2 must not fill the cache.
    if (cache.size > 200) cache.clear();
    cache.set(key, fhirType === undefined ? choose(v2Type) : namedChoice(v2Type, fhirType));
  }
  return cache.get(key);
}

function namedChoice(v2Type: string, fhirType: string): Choice | undefined {
  const convert = builtInConverter(v2Type, fhirType);
  return convert && { convert };
}

/** Picks the converter for a v2 type; reports where there is none and a place is given. */
function chooser(
  rule: SlotRule,
  { element, compiler }: { element: ElementPlace; compiler: Compiler },
): Choose {
  const named = namedConverter(rule, compiler);
  const types = targetTypes(rule, element, compiler);
  return (v2Type, reportAt) => {
    if (named) return named;
    const family = converterFamily(v2Type);
    const order = builtInTargets(family);
    const sorted =
      types.length > 1
        ? [
            ...order.filter((type) => types.includes(type)),
            ...types.filter((t) => !order.includes(t)),
          ]
        : types;
    for (const type of sorted) {
      const convert = builtInConverter(v2Type, type);
      if (convert) return { convert };
    }
    if (reportAt) {
      const known = order.filter(isType).join(', ');
      compiler.issues.add(
        reportAt.place,
        `\`${v2Type}\` cannot become ${types.join(' or ')}; it can become ${known}. Read a component, or name a converter with \`as\``,
      );
    }
    return undefined;
  };
}

/** The datatype map that replaces the built-in converter of a slot, if the pack has one. */
export function datatypeMap(
  rule: SlotRule,
  v2Type: string,
  { element, compiler }: { element: ElementPlace; compiler: Compiler },
): DatatypeRule | undefined {
  const { datatypes } = compiler;
  if (datatypes.size === 0) return undefined;
  const named = rule.as?.value ?? '';
  if (named.includes('[')) return datatypes.get(named);
  const types = named === '' ? element.leaf.types : [named];
  return types
    .flatMap((type) => [`${v2Type}[${type}]`, `${converterFamily(v2Type)}[${type}]`])
    .map((name) => datatypes.get(name))
    .find((map) => map !== undefined);
}

/** `as: "XCN[display]"`. */
function namedConverter(rule: SlotRule, compiler: Compiler): Choice | undefined {
  const match = /^([A-Z]{2,3})\[([A-Za-z0-9-]+)\]$/.exec(rule.as?.value ?? '');
  if (!match || !rule.as) return undefined;
  const [name, v2Type = '', target = ''] = match;
  const convert = isV2Type(v2Type) ? builtInConverter(v2Type, target) : undefined;
  if (convert) return { convert };
  const known = isV2Type(v2Type)
    ? builtInTargets(v2Type).map((type) => `${v2Type}[${type}]`)
    : [...compiler.datatypes.keys()];
  const hint = suggestion(name, known) || `; known are ${known.join(', ')}`;
  compiler.issues.add(rule.as.place, `There is no converter \`${name}\`${hint}`);
  return undefined;
}

/** The FHIR types that the element may get from this slot. */
function targetTypes(
  rule: SlotRule,
  { leaf, text }: ElementPlace,
  compiler: Compiler,
): readonly string[] {
  const wanted = rule.as?.value ?? (rule.type?.kind === 'fhir' ? rule.type.type.value : undefined);
  if (wanted === undefined || wanted.includes('[')) return leaf.types;
  if (leaf.types.includes(wanted) || wanted === 'timed') return [wanted];
  if (wanted === 'string' && leaf.types.includes('markdown')) return ['markdown'];
  const place = rule.as?.place ?? rule.place;
  const known = leaf.types.join(', ');
  compiler.issues.add(place, `\`${text}\` cannot be ${wanted}; it is ${known}`);
  return leaf.types;
}

interface DynamicType {
  readonly v2Type: string;
  readonly fhirType: string | undefined;
}

/** Where the message says the type of the value: `type:`, or OBX-2 for a field of varying type. */
function compileValueType(
  rule: SlotRule,
  { scope, compiler, v2Type }: { scope: ValueScope; compiler: Compiler; v2Type: string },
): ((frame: Frame) => DynamicType) | undefined {
  if (rule.type?.kind === 'path') {
    const path = compilePath(rule.type.path, scope, compiler);
    const table = rule.type.table && findTable(rule.type.table, compiler);
    if (!path) return undefined;
    return (frame) => {
      const code = path.one(frame)?.text ?? '';
      const row = table && lookUp(table, [{ code }]).translation;
      const fhirType = row?.kind === 'row' ? String(row.code) : undefined;
      return { v2Type: code === '' ? 'ST' : code, fhirType };
    };
  }
  if (v2Type !== 'VARIES' || rule.as?.value.includes('[')) return undefined;
  return (frame) => {
    const { segment } = frame;
    const code = segment?.name === 'OBX' ? segment.field(2).text : '';
    return { v2Type: code === '' ? 'ST' : code, fhirType: undefined };
  };
}

type Prepare = (value: Element, frame: Frame) => SlotConversion;

/** What a converter may ask, for the verbs of this slot. */
function compileConversion(
  rule: SlotRule,
  { element, scope, compiler }: { element: ElementPlace; scope: ValueScope; compiler: Compiler },
): Prepare {
  const types = new Set(
    rule.as && !rule.as.value.includes('[') ? [rule.as.value] : element.leaf.types,
  );
  const allows = (type: string): boolean => types.has(type);
  const table = rule.map && findTable(rule.map, compiler);
  if (rule.map && table) checkTable(table, element, { compiler, place: rule.map.place });
  const unit = rule.unit && compilePath(rule.unit, scope, compiler);
  const constant = rule.system?.constant && expandSystem(rule.system.constant.value);
  const systemPath = rule.system?.path && compilePath(rule.system.path, scope, compiler);
  const verbs: ConversionVerbs = { allows, table, unit };
  return (value, frame) => {
    const system = constant ?? systemPath?.one(frame)?.text ?? table?.system;
    return new SlotConversion(verbs, value, frame, system === '' ? undefined : system);
  };
}

/** What is the same for all values of a slot. */
interface ConversionVerbs {
  readonly allows: Conversion['allows'];
  readonly table: CompiledTable | undefined;
  readonly unit: PathReader | undefined;
}

/** A class, as one is made for every value: its methods are shared. */
class SlotConversion implements Conversion {
  readonly message: Conversion['message'];
  readonly allows: Conversion['allows'];
  readonly system: string | undefined;
  readonly translate: Conversion['translate'];
  /** The table row that was used, for the trace. */
  row: string | undefined = undefined;
  readonly #unit: PathReader | undefined;
  readonly #value: Element;
  readonly #frame: Frame;

  constructor(
    { allows, table, unit }: ConversionVerbs,
    value: Element,
    frame: Frame,
    system: string | undefined,
  ) {
    this.message = frame.run.facts;
    this.allows = allows;
    this.system = system;
    this.translate = table && ((element, codes) => this.#lookUp(table, element, codes));
    this.#unit = unit;
    this.#value = value;
    this.#frame = frame;
  }

  /** Read where it is asked for: the unit of a value that has none, a code, is for the loss report. */
  get unit(): Element | undefined {
    return this.#unit?.one(this.#frame);
  }

  remark(severity: 'warning' | 'information', sentence: string): void {
    this.#frame.run.remark(severity, sentence, this.#value);
  }

  #lookUp(table: CompiledTable, element: Element, codes: readonly SystemCode[]): Translation {
    const { run } = this.#frame;
    const found = lookUp(table, codes);
    if (found.trace !== undefined) this.row = found.trace;
    if (found.unmapped) run.addUnmapped(table.name, found.unmapped, element);
    if (found.refused) {
      const diagnostics = `The table ${table.name} has no row for the code, and says \`else: error\``;
      run.issue('error', 'unmapped-code', {
        diagnostics,
        location: run.position(element.position),
      });
    }
    return found.translation;
  }
}

/** A table by name, or a report that there is none. */
function findTable({ value, place }: At<string>, compiler: Compiler): CompiledTable | undefined {
  const table = compiler.tables.get(value);
  if (table) {
    compiler.asked.set(value, table);
    return table;
  }
  const hint = suggestion(value, compiler.tables.keys());
  compiler.issues.add(
    place,
    `There is no table \`${value}\`${hint || '; add it to mappings/tables'}`,
  );
  return undefined;
}
