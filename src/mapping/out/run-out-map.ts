import type { ComponentValue, FieldValue } from '../../hl7v2/encode.ts';
import type { Resource } from '../../fhir/resource.ts';
import { conditionHolds, type ConditionScope } from './condition.ts';
import { lossOf, Said } from './loss.ts';
import type { FieldRule, OutEvent, OutMap, SegmentRule } from './model.ts';
import { placeOf, textOf, valuesAt, type Place, type Walk } from './place.ts';
import type { HdParts, Manner, Written } from './say.ts';
import { writers } from './writers.ts';

/** A change of a resource, and what is said about it in every message to one receiver. */
export interface OutCase {
  readonly current: Resource;
  /** The version before; absent where it is new. */
  readonly before?: Resource;
  /** The moment of the change, as a FHIR instant. */
  readonly at: string;
  /** What references name, as far as it was read. */
  readonly resources: ReadonlyMap<string, Resource | undefined>;
  readonly authority: (system: string) => HdParts;
  readonly own: HdParts;
  readonly inZone: (dateTime: string) => string;
  /** MSH-12. */
  readonly version: string;
}

/** A segment with its fields from 1 on. */
export interface OutSegment {
  readonly name: string;
  readonly fields: readonly FieldValue[];
}

export interface OutMessage {
  readonly event: OutEvent;
  /** All but MSH. */
  readonly segments: readonly OutSegment[];
  /** Elements that are not said, as `Observation.method (2)`. */
  readonly loss: readonly string[];
}

/** What a map makes of a change. With `missing`, those are to be read, and it is to be run again. */
export interface OutResult {
  /** Absent where the change is none that the map speaks of. */
  readonly message?: OutMessage;
  /** References, as `Type/id`. */
  readonly missing: readonly string[];
}

/** Runs an out-map on a change. */
export function runOutMap(map: OutMap, given: OutCase): OutResult {
  return new Run(map, given).result();
}

/** What counts within one value and its segments. */
interface Around {
  readonly place: Place;
  /** How many segments of each name there were here. */
  readonly sets: Map<string, number>;
  readonly subIds: Map<string, number>;
}

class Run {
  readonly #map: OutMap;
  readonly #case: OutCase;
  readonly #missing = new Set<string>();
  readonly #said = new Said();
  readonly #walk: Walk;
  readonly #segments: OutSegment[] = [];
  /** Resources that are segments' subjects. */
  readonly #subjects = new Map<string, Resource>();
  #event: OutEvent | undefined;

  constructor(map: OutMap, given: OutCase) {
    this.#map = map;
    this.#case = given;
    this.#walk = {
      root: placeOf(given.current),
      resolve: (reference) => {
        if (!given.resources.has(reference)) this.#missing.add(reference);
        return given.resources.get(reference);
      },
    };
  }

  result(): OutResult {
    const { root } = this.#walk;
    this.#event = this.#map.events.find(({ when }) => conditionHolds(when, this.#scope(root)));
    if (this.#event === undefined) return { missing: [...this.#missing] };
    this.#subject(root);
    this.#write(this.#map.segments, { place: root, sets: new Map(), subIds: new Map() });
    const message = { event: this.#event, segments: this.#segments, loss: this.#loss() };
    return { message, missing: [...this.#missing] };
  }

  #scope(place: Place): ConditionScope {
    const { before } = this.#case;
    return { place, walk: this.#walk, ...(before === undefined ? {} : { before }) };
  }

  #subject({ owner }: Place): void {
    const name = `${owner.resourceType}/${owner.id ?? ''}`;
    if (this.#map.reports.has(owner.resourceType)) this.#subjects.set(name, owner);
  }

  #write(rules: readonly SegmentRule[], around: Around): void {
    for (const rule of rules) {
      for (const place of this.#subjectsOf(rule, around.place)) {
        if (!conditionHolds(rule.when, this.#scope(place))) continue;
        this.#subject(place);
        const count = (around.sets.get(rule.segment) ?? 0) + 1;
        around.sets.set(rule.segment, count);
        const fields = this.#fields(rule.fields, { ...around, place }, count);
        this.#segments.push({ name: rule.segment, fields });
        this.#sayAlike(rule, place);
        const inner = { place, sets: new Map<string, number>(), subIds: new Map<string, number>() };
        this.#write(rule.segments, inner);
      }
    }
  }

  /** What says no more than what is said. */
  #sayAlike({ says }: SegmentRule, from: Place): void {
    for (const [element, other] of says) {
      const texts = valuesAt(other, from, this.#walk).map(({ value }) => textOf(value));
      for (const place of valuesAt(element, from, this.#walk)) {
        const text = textOf(place.value);
        if (texts.some((longer) => longer.startsWith(text))) this.#said.add(place);
      }
    }
  }

  #subjectsOf({ each, lines }: SegmentRule, from: Place): readonly Place[] {
    // A segment about a resource says which it is.
    const walk = { ...this.#walk, onFollow: (place: Place) => this.#said.add(place) };
    const places = each === undefined ? [from] : valuesAt(each, from, walk);
    if (lines === undefined) return places;
    return places.flatMap((place) =>
      valuesAt(lines, place, this.#walk).flatMap((data) => {
        this.#said.add(data);
        this.#said.add({ ...place, at: `${place.at}.contentType` });
        const text = Buffer.from(textOf(data.value), 'base64').toString('utf8');
        return text.split(/\r\n|\r|\n/).map((value) => ({ ...data, value }));
      }),
    );
  }

  #fields(rules: readonly FieldRule[], around: Around, count: number): readonly FieldValue[] {
    const fields: FieldValue[] = [];
    for (const rule of rules) {
      const value = this.#field(rule, around, count);
      if (value !== undefined) fields[rule.number - 1] = value;
    }
    return Array.from(fields);
  }

  #field(rule: FieldRule, around: Around, count: number): FieldValue {
    const { source } = rule;
    if (!conditionHolds(rule.when, this.#scope(around.place))) return undefined;
    switch (source.kind) {
      case 'const':
        return source.text;
      case 'set-id':
        return String(count);
      case 'action':
        return this.#case.before === undefined ? 'A' : 'U';
      case 'trigger':
        return this.#event?.trigger;
      case 'event-time':
        return this.#one(rule, { ...this.#walk.root, value: this.#case.at });
      case 'sub-id':
        return this.#subId(source, around);
      case 'parts':
        return this.#parts(source, around.place);
      case 'path':
        return this.#path(rule, source, around.place);
    }
  }

  /** What is said of it, else which it is of those that are the same. */
  #subId(
    { path, said }: Extract<FieldRule['source'], { kind: 'sub-id' }>,
    { place, subIds }: Around,
  ): string {
    const [own] = said === undefined ? [] : valuesAt(said, place, this.#walk);
    if (own !== undefined && typeof own.value === 'string') {
      this.#said.add(own);
      return own.value;
    }
    const places = valuesAt(path, place, this.#walk);
    const key = JSON.stringify(places.map(({ value }) => value));
    const count = (subIds.get(key) ?? 0) + 1;
    subIds.set(key, count);
    return String(count);
  }

  #path(
    rule: FieldRule,
    { path, all }: Extract<FieldRule['source'], { kind: 'path' }>,
    from: Place,
  ): FieldValue {
    const written: FieldValue[] = [];
    for (const place of valuesAt(path, from, this.#walk)) {
      const value = this.#one(rule, place);
      if (value === undefined) continue;
      written.push(value);
      if (!all) break;
    }
    if (rule.join !== undefined) return joined(written, rule.join);
    return written.length > 1 ? { repetitions: written } : written[0];
  }

  #one(rule: FieldRule, place: Place): FieldValue {
    return fieldValue(writers[rule.as]?.(place, this.#manner(rule)));
  }

  #manner({ table, prefer }: FieldRule): Manner {
    const found = table === undefined ? undefined : this.#map.tables.get(table);
    const { authority, own, inZone, version } = this.#case;
    return {
      walk: this.#walk,
      said: this.#said,
      authority,
      own,
      inZone,
      version: Number(version.replace(/^(\d)\.(\d)(?:\.(\d))?$/, '$1.$2$3')),
      ...(found === undefined ? {} : { table: found }),
      ...(prefer === undefined ? {} : { prefer }),
    };
  }

  /** A field whose components have rules of their own. */
  #parts(
    { path, all, parts }: Extract<FieldRule['source'], { kind: 'parts' }>,
    from: Place,
  ): FieldValue {
    const repetitions = valuesAt(path, from, this.#walk)
      .slice(0, all ? undefined : 1)
      .map((place) => {
        const around = {
          place,
          sets: new Map<string, number>(),
          subIds: new Map<string, number>(),
        };
        return { components: this.#fields(parts, around, 1).map(asComponent) };
      })
      .filter(({ components }) => components.some((component) => component !== undefined));
    return repetitions.length > 1 ? { repetitions } : repetitions[0];
  }

  #loss(): readonly string[] {
    const counts = new Map<string, number>();
    for (const resource of this.#subjects.values()) {
      for (const [path, count] of lossOf(resource, this.#said, this.#map.ignored)) {
        counts.set(path, (counts.get(path) ?? 0) + count);
      }
    }
    return [...counts].map(([path, count]) => (count === 1 ? path : `${path} (${String(count)})`));
  }
}

function fieldValue(written: Written | undefined): FieldValue {
  if (written === undefined || typeof written === 'string') return written;
  if ('lines' in written) return { repetitions: written.lines };
  return { components: written };
}

/** A value within a component: its components become subcomponents. */
function asComponent(value: FieldValue): ComponentValue {
  if (value === undefined || typeof value === 'string') return value;
  if ('raw' in value) return value.raw;
  if ('repetitions' in value) return asComponent(value.repetitions[0]);
  return { subcomponents: value.components.map(firstLeaf) };
}

function firstLeaf(component: ComponentValue): string | undefined {
  return component === undefined || typeof component === 'string'
    ? component
    : component.subcomponents[0];
}

function joined(values: readonly FieldValue[], separator: string): string | undefined {
  const texts = values.filter((value) => typeof value === 'string');
  return texts.length === 0 ? undefined : texts.join(separator);
}
